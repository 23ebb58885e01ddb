/**
 * `auth create|list|show|update|check|trust-host-key|delete`
 *
 * @module
 */
import type { ManagedAccountView, ManagedServer } from "../../core/engine/managed/views.ts";
import type { AuthView } from "../../core/engine/views.ts";
import type { App } from "../app.ts";
import type { Command, Declared, Flag, Noun } from "../command.ts";
import { counted, visible } from "../format.ts";
import { changeOf, DESCRIPTION, LABEL, NEW_LABEL, UNSET } from "../saved.ts";

const AUTH = { name: "AUTH" };

const create: Command = {
  summary: "Saves an authorisation",
  args: [{ name: "METHOD" }],
  flags: [LABEL, DESCRIPTION],
  examples: [
    "auth create sftp --label partner --host sftp.example.com --username in --private-key-file ~/.ssh/id_ed25519",
    "auth create local-folder --label inbox --folder /srv/inbox",
  ],
  subjects: async (app) =>
    (await app.registry()).providers.flatMap(({ auths }) => auths.map(({ id, summary }) => [id, summary] as const)),
  declared: (app, [method]) => methodFlags(app, method, false),
  run: async (app, args) => {
    const [method = ""] = args.words;
    const { configWithSecrets } = await import("../secrets.ts");
    const label = args.required("label");
    const { auth } = (await app.registry()).auth(method);
    const config = await configWithSecrets(app, args, auth.config);
    const description = args.value("description");
    const { auths } = await app.runtime();
    const saved = await auths.create({ method, label, config, ...(description === undefined ? {} : { description }) });
    print(app, saved);
    app.out.next([app.command("auth", "check", saved.label)]);
  },
};

const list: Command = {
  summary: "Lists the saved authorisations",
  run: async (app) => {
    const auths = await (await app.runtime()).auths.list();
    if (app.out.json) return app.out.value(auths);
    app.out.table(
      ["label", "method", "id", "description"],
      auths.map(({ label, method, id, description }) => [
        label,
        method,
        id,
        description,
      ]),
    );
    if (auths.length === 0) {
      app.out.note("There is no auth yet");
      app.out.next([`${app.command("auth", "create")} --help`]);
    }
  },
};

const show: Command = {
  summary: "Shows one; secrets are named, never shown",
  args: [AUTH],
  run: async (app, { words: [auth = ""] }) => print(app, await (await app.runtime()).auths.get(auth)),
};

const update: Command = {
  summary: "Changes one; what is not named stays, secrets too",
  args: [AUTH],
  flags: [NEW_LABEL, DESCRIPTION, UNSET],
  examples: ["auth update partner --port 2222 --unset folder"],
  declared: async (app, [auth]) =>
    methodFlags(app, auth === undefined ? undefined : (await (await app.runtime()).auths.get(auth)).method, true),
  run: async (app, args) => {
    const { configWithSecrets } = await import("../secrets.ts");
    const { auths, registry, sftp } = await app.runtime();
    const saved = await auths.get(args.words[0] ?? "");
    const schema = registry.auth(saved.method).auth.config;
    const config = await configWithSecrets(app, args, schema, { partial: true });
    const account = await accountOf(sftp, saved.id);
    const changed = await auths.update(saved.id, changeOf(args, config));
    print(app, changed);
    const now = await accountOf(sftp, saved.id);
    const left = account === undefined || account.username === now?.username ? [] : tellOfLeft(app, account);
    if (left.length > 0 && account !== undefined) {
      app.out.note(`Jobs and users of account "${now?.username}" do not see them`);
      left.unshift(app.command("auth", "update", changed.label, "--username", account.username));
    }
    app.out.next([app.command("auth", "check", changed.label), ...left]);
  },
};

const check: Command = {
  summary: "Connects and looks at everything that a job will need",
  args: [AUTH],
  run: async (app, { words: [auth = ""] }) => {
    const { printChecks } = await import("../checks.ts");
    const { reportError } = await import("../errors.ts");
    const { FAILURE_HANDLING } = await import("../../core/contracts/failure.ts");
    const { auths, registry } = await app.runtime();
    const { ok, failure } = await printChecks(app, auths.check(auth));
    if (failure !== undefined && app.out.json) return reportError(app.out, failure, app);
    if (!ok) return FAILURE_HANDLING[failure?.kind ?? "config"].exitCode;
    const { label, method } = await auths.get(auth);
    const jobs = registry.jobs.filter((job) => job.auths.some(({ id }) => id === method));
    app.out.next(jobs.slice(0, 1).map(({ id }) => `${app.command("run", id, "--auth", label)} --help`));
  },
};

const trustHostKey: Command = {
  summary: "Forgets the pinned host key and pins the one that the server shows now",
  args: [AUTH],
  run: async (app, { words: [auth = ""] }) => {
    const { before, now } = await (await app.runtime()).auths.trustPeer(auth);
    if (app.out.json) return app.out.value({ before, now });
    app.out.pairs([["before", before ?? "none"], ["now", now]]);
    if (before !== null && before !== now) {
      app.out.note("Make sure with the server's operator that the key was replaced on purpose");
    }
  },
};

const remove: Command = {
  summary: "Deletes one; stops its runs and pauses its jobs",
  args: [AUTH],
  flags: [{ name: "purge", kind: "switch", help: "Remove the files of its account on Waybill's own SFTP server, too" }],
  run: async (app, args) => {
    const { auths, sftp } = await app.runtime();
    const { id, label } = await auths.get(args.words[0] ?? "");
    const account = await accountOf(sftp, id);
    const { jobs, runs } = await auths.delete(id);
    const purged = args.on("purge") === true && account !== undefined ? await sftp.purge(account.username) : undefined;
    if (app.out.json) {
      return app.out.value({
        ...{ id, deleted: true, paused_jobs: jobs, stopped_runs: runs },
        ...(purged === undefined ? {} : { purged_files: purged.files }),
      });
    }
    app.out.note(`Auth "${label}" is deleted`);
    if (runs.length > 0) app.out.note(`${counted(runs.length, "run")} that used it: stopped`);
    if (purged !== undefined) app.out.note(`${counted(purged.files, "file")} of its account: removed`);
    else if (account !== undefined) app.out.next(tellOfLeft(app, account));
    for (const job of jobs) app.out.note(`Job "${visible(job)}" is paused: it has no auth any more`);
    app.out.next(jobs.map((job) => app.command("job", "update", job, "--auth", "AUTH")));
  },
};

/** The account on Waybill's own SFTP server that an auth is. */
async function accountOf(sftp: ManagedServer, auth: string): Promise<ManagedAccountView | undefined> {
  return (await sftp.accounts()).find(({ auth_id }) => auth_id === auth);
}

/** Tells of what an account that was closed still holds; gives the command that removes it. */
function tellOfLeft(app: App, { username, files, unfinished }: ManagedAccountView): string[] {
  if (files + unfinished === 0) return [];
  const begun = unfinished === 0 ? "" : ` and ${counted(unfinished, "unfinished upload")}`;
  app.out.note(`${counted(files, "file")}${begun} of account "${username}" stay until 90 days after their upload`);
  return [app.command("sftp", "purge", username)];
}

async function methodFlags(app: App, method: string | undefined, partial: boolean): Promise<Declared> {
  const { configFlags } = await import("../config_flags.ts");
  const registry = await app.registry();
  if (method !== undefined) {
    const { auth } = registry.auth(method);
    return { flags: configFlags(auth.config, { partial }), ...(partial ? {} : { summary: auth.summary }) };
  }
  const flags: Flag[] = registry.providers.flatMap(({ auths }) => auths.flatMap(({ config }) => configFlags(config)));
  return { flags };
}

function print({ out }: App, auth: AuthView): void {
  if (out.json) return out.value(auth);
  out.pairs([
    ["label", auth.label],
    ["id", auth.id],
    ["method", auth.method],
    ["description", auth.description],
    ...Object.entries(auth.config),
    ["secrets", auth.secrets.length === 0 ? "none" : [...auth.secrets]],
    ["host key", auth.peer],
    ["made by", auth.user_name],
    ["updated", auth.updated],
  ]);
}

/** Saved authorisations. */
export const auth: Noun = {
  verbs: { create, list, show, update, check, "trust-host-key": trustHostKey, delete: remove },
};
