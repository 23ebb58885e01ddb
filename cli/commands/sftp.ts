/**
 * `sftp`
 *
 * @module
 */
import type { Command, Noun } from "../command.ts";
import { firstItems } from "../first_items.ts";

const show: Command = {
  summary: "Shows where the SFTP server is, and the fingerprints of its host keys",
  run: async (app) => {
    const server = await (await app.runtime()).sftp.show();
    if (app.out.json) return app.out.value(server);
    const addresses = server.addresses.map(({ host, port }) => `${host} port ${port}`);
    app.out.pairs([
      ["address", addresses.length === 0 ? "not served: start `waybill serve`" : addresses.join(", ")],
      ...server.host_keys.map(({ type, fingerprint }): [string, string] => [type, fingerprint]),
    ]);
  },
};

const accounts: Command = {
  summary: "Lists the accounts on the SFTP server, with what they hold",
  run: async (app) => {
    const { bytes } = await import("../format.ts");
    const found = await (await app.runtime()).sftp.accounts();
    if (app.out.json) return app.out.value(found);
    app.out.table(
      ["username", "auth", "opened by", "files", "unfinished", "size", "quota", "sessions"],
      found.map((account) => [
        account.username,
        account.auth_label ?? "(closed)",
        openedBy(account),
        account.files,
        account.unfinished,
        bytes(account.bytes),
        account.quota_bytes === null ? "" : bytes(account.quota_bytes),
        account.sessions,
      ]),
    );
    if (found.length === 0) app.out.note("There is none: `auth create managed-sftp --username NAME …` makes one");
  },
};

function openedBy(
  { auth_id, password, keys, require_both }: {
    readonly auth_id: string | null;
    readonly password: boolean;
    readonly keys: number;
    readonly require_both: boolean;
  },
): string {
  if (auth_id === null) return "nobody";
  const ways = [...(keys > 0 ? [keys === 1 ? "key" : `${keys} keys`] : []), ...(password ? ["password"] : [])];
  return ways.join(require_both ? " and " : " or ");
}

const sessions: Command = {
  summary: "Lists who is logged in to the SFTP server",
  run: async (app) => {
    const { bytes } = await import("../format.ts");
    const found = await (await app.runtime()).sftp.sessions();
    if (app.out.json) return app.out.value(found);
    app.out.table(
      ["id", "username", "address", "client", "since", "last seen", "received", "sent"],
      found.map((session) => [
        session.id,
        session.username,
        session.address,
        session.client,
        session.started_at,
        session.seen_at,
        bytes(session.received),
        bytes(session.sent),
      ]),
    );
    if (found.length === 0) app.out.note("Nobody is logged in");
  },
};

const kick: Command = {
  summary: "Ends a session of the SFTP server, or all sessions of a user",
  args: [{ name: "SESSION" }],
  run: async (app, { words: [session = ""] }) => {
    const kicked = await (await app.runtime()).sftp.kick(session);
    if (app.out.json) return app.out.value(kicked);
    app.out.note(`${kicked.ended === 1 ? "1 session ends" : `${kicked.ended} sessions end`} within a second`);
  },
};

const log: Command = {
  summary: "Lists logins and transfers on the SFTP server, newest first",
  flags: [
    { name: "username", kind: "value", value: "NAME", help: "Only those of this account" },
    { name: "limit", kind: "value", value: "NUMBER", help: "Most lines to list [default: 50]" },
  ],
  run: async (app, args) => {
    const wanted = args.integer("limit", 1, 100_000) ?? 50;
    const username = args.value("username");
    const { sftp } = await app.runtime();
    const filter = username === undefined ? {} : { username };
    const found = await firstItems({ wanted, most: 1_000 }, (page) => sftp.log({ ...filter, ...page }));
    if (app.out.json) return app.out.value(found);
    app.out.table(
      ["at", "username", "address", "action", "path", "bytes", "reason"],
      found.map((line) => [
        line.at,
        line.username,
        line.address,
        line.action.replaceAll("_", " "),
        line.target === null ? line.path : `${line.path} → ${line.target}`,
        line.bytes,
        line.reason,
      ]),
    );
    if (found.length === 0) app.out.note("Nothing is written down");
  },
};

const purge: Command = {
  summary: "Removes the files of an account that is closed",
  args: [{ name: "USERNAME" }],
  run: async (app, { words: [username = ""] }) => {
    const { bytes } = await import("../format.ts");
    const purged = await (await app.runtime()).sftp.purge(username);
    if (app.out.json) return app.out.value(purged);
    app.out.note(`${purged.files} ${purged.files === 1 ? "file" : "files"} removed, ${bytes(purged.bytes)}`);
  },
};

/** Waybill's own SFTP server. */
export const sftp: Noun = { verbs: { show, accounts, sessions, kick, log, purge } };
