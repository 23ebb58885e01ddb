/**
 * The nouns, each loaded when it is used: `--help` has to be fast.
 *
 * @module
 */
import { later } from "../core/contracts/later.ts";
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
    load: () => noun(import.meta.resolve("./commands/provider.ts"), "provider"),
  },
  auth: {
    summary: "Saved authorisations: how to reach a provider",
    load: () => noun(import.meta.resolve("./commands/auth.ts"), "auth"),
  },
  job: {
    summary: "Job types, and jobs that are configured",
    load: () => noun(import.meta.resolve("./commands/job.ts"), "job"),
  },
  choices: {
    summary: "Live list of the values that a job type's field may take",
    load: () => noun(import.meta.resolve("./commands/choices.ts"), "choices"),
  },
  run: {
    summary: "Run a job now, and what became of runs",
    load: () => noun(import.meta.resolve("./commands/run.ts"), "run"),
  },
  artifact: {
    summary: "Files that signed links open",
    load: () => noun(import.meta.resolve("./commands/artifact.ts"), "artifact"),
  },
  export: {
    summary: "Exports that the bulk APIs may fetch, and exported files, compared with their signed manifests",
    load: () => noun(import.meta.resolve("./commands/export.ts"), "exports"),
  },
  sftp: {
    summary: "Waybill's own SFTP server: accounts, sessions, log",
    load: () => noun(import.meta.resolve("./commands/sftp.ts"), "sftp"),
  },
  stream: {
    summary: "Events that imports brought in",
    load: () => noun(import.meta.resolve("./commands/stream.ts"), "stream"),
  },
  mapping: {
    summary: "Which fields of a stream become which fields of profiles, in LQL",
    load: () => noun(import.meta.resolve("./commands/mapping.ts"), "mapping"),
  },
  table: {
    summary: "Profile tables: what is in them, and how values identify",
    load: () => noun(import.meta.resolve("./commands/table.ts"), "table"),
  },
  profile: {
    summary: "Profiles that the events became",
    load: () => noun(import.meta.resolve("./commands/profile.ts"), "profile"),
  },
  erasure: {
    summary: "People who are to be forgotten",
    load: () => noun(import.meta.resolve("./commands/erasure.ts"), "erasure"),
  },
  audience: {
    summary: "Named sets of profiles: filters, and imported lists",
    load: () => noun(import.meta.resolve("./commands/audience.ts"), "audience"),
  },
  token: {
    summary: "Tokens for the HTTP API",
    load: () => noun(import.meta.resolve("./commands/token.ts"), "token"),
  },
  app: {
    summary: "Parts of an account with a profile table of their own",
    load: () => noun(import.meta.resolve("./commands/app.ts"), "app"),
  },
  apikey: {
    summary: "Keys for the bulk APIs",
    load: () => noun(import.meta.resolve("./commands/apikey.ts"), "apikey"),
  },
  account: {
    summary: "Accounts, the tenants of this installation, and their settings",
    load: () => noun(import.meta.resolve("./commands/account.ts"), "account"),
  },
  audit: {
    summary: "Who changed what, and whether that record is whole",
    load: () => noun(import.meta.resolve("./commands/audit.ts"), "audit"),
  },
  db: {
    summary: "The database's tables",
    load: () => noun(import.meta.resolve("./commands/db.ts"), "db"),
  },
  doctor: {
    summary: "Checks this installation, and says how to mend it",
    load: () => noun(import.meta.resolve("./commands/doctor.ts"), "doctor"),
  },
  serve: {
    summary: "Starts the HTTP server, with the worker that executes runs",
    load: () => noun(import.meta.resolve("./commands/serve.ts"), "serve"),
  },
  worker: {
    summary: "Executes queued runs, without an HTTP server",
    load: () => noun(import.meta.resolve("./commands/worker.ts"), "worker"),
  },
  demo: {
    summary: "Imports examples/customers.csv and shows what happened",
    load: () => noun(import.meta.resolve("./commands/demo.ts"), "demo"),
  },
};

/** What a module exports under a name. */
async function noun(url: string, name: string): Promise<Noun> {
  const { [name]: noun } = await later<Record<string, Noun>>(url);
  return noun!;
}
