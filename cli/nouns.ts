/**
 * The nouns, each loaded when it is used: `--help` has to be fast.
 *
 * @module
 */
import type { Noun } from "./command.ts";

/** A noun before its commands are loaded. */
export interface NounEntry {
  /** One sentence, without a final period. */
  readonly summary: string;
  load(): Promise<Noun>;
}

/** Every noun, in the order in which the help shows them. */
export const NOUNS: Readonly<Record<string, NounEntry>> = {
  provider: {
    summary: "Systems that Waybill exchanges data with",
    load: async () => (await import("./commands/provider.ts")).provider,
  },
  auth: {
    summary: "Saved authorisations: how to reach a provider",
    load: async () => (await import("./commands/auth.ts")).auth,
  },
  job: {
    summary: "Job types, and jobs that are configured",
    load: async () => (await import("./commands/job.ts")).job,
  },
  choices: {
    summary: "Live list of the values that a job type's field may take",
    load: async () => (await import("./commands/choices.ts")).choices,
  },
  run: {
    summary: "Run a job now, and what became of runs",
    load: async () => (await import("./commands/run.ts")).run,
  },
  artifact: {
    summary: "Files that signed links open",
    load: async () => (await import("./commands/artifact.ts")).artifact,
  },
  export: {
    summary: "Exports that the bulk APIs may fetch, and exported files, compared with their signed manifests",
    load: async () => (await import("./commands/export.ts")).exports,
  },
  sftp: {
    summary: "Waybill's own SFTP server: accounts, sessions, log",
    load: async () => (await import("./commands/sftp.ts")).sftp,
  },
  stream: {
    summary: "Events that imports brought in",
    load: async () => (await import("./commands/stream.ts")).stream,
  },
  mapping: {
    summary: "Which fields of a stream become which fields of profiles, in LQL",
    load: async () => (await import("./commands/mapping.ts")).mapping,
  },
  table: {
    summary: "Profile tables: what is in them, and how values identify",
    load: async () => (await import("./commands/table.ts")).table,
  },
  profile: {
    summary: "Profiles that the events became",
    load: async () => (await import("./commands/profile.ts")).profile,
  },
  erasure: {
    summary: "People who are to be forgotten",
    load: async () => (await import("./commands/erasure.ts")).erasure,
  },
  audience: {
    summary: "Named sets of profiles: filters, and imported lists",
    load: async () => (await import("./commands/audience.ts")).audience,
  },
  token: {
    summary: "Tokens for the HTTP API",
    load: async () => (await import("./commands/token.ts")).token,
  },
  app: {
    summary: "Parts of an account with a profile table of their own",
    load: async () => (await import("./commands/app.ts")).app,
  },
  apikey: {
    summary: "Keys for the bulk APIs",
    load: async () => (await import("./commands/apikey.ts")).apikey,
  },
  account: {
    summary: "Accounts, the tenants of this installation, and their settings",
    load: async () => (await import("./commands/account.ts")).account,
  },
  audit: {
    summary: "Who changed what, and whether that record is whole",
    load: async () => (await import("./commands/audit.ts")).audit,
  },
  db: {
    summary: "The database's tables",
    load: async () => (await import("./commands/db.ts")).db,
  },
  doctor: {
    summary: "Checks this installation, and says how to mend it",
    load: async () => (await import("./commands/doctor.ts")).doctor,
  },
  serve: {
    summary: "Starts the HTTP server, with the worker that executes runs",
    load: async () => (await import("./commands/serve.ts")).serve,
  },
  worker: {
    summary: "Executes queued runs, without an HTTP server",
    load: async () => (await import("./commands/worker.ts")).worker,
  },
  demo: {
    summary: "Imports examples/customers.csv and shows what happened",
    load: async () => (await import("./commands/demo.ts")).demo,
  },
};
