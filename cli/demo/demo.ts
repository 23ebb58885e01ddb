/**
 * The main job, shown from end to end: a partner uploads dated files to Waybill's own SFTP server, they are imported, and an
 * audience leaves as a file for the partner.
 *
 * @module
 */
import type { RunView } from "../../core/engine/views.ts";
import { startSftpThread } from "../../server/sftp/thread.ts";
import type { App } from "../app.ts";
import { followRun, reportRun } from "../follow.ts";
import { count, visible } from "../format.ts";
import { FIRST, firstDay, nextDays, PREFIX } from "./days.ts";
import { ACCOUNT, ENCRYPTED, invitePartner, OUTBOUND, upload } from "./partner.ts";
import { AUDIENCE, gather, readBack } from "./way_out.ts";

const EXAMPLE = new URL("../../examples/customers.csv", import.meta.url);
const STREAM = "customers";
/** Somebody who is in the file three times. */
const SOMEBODY = "priya.iyer1061@example.net";
const SILENT = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** Uploads and imports the example, tells what happened, and, where it is to be kept, serves until it is interrupted. */
export async function runDemo(app: App, keep: boolean): Promise<number> {
  const { auths, audiences, runs, profiles, streams } = await app.runtime();
  const example = await Deno.readFile(EXAMPLE);
  await using server = await startSftpThread(
    { home: app.home, host: "127.0.0.1", port: 0, process: crypto.randomUUID() },
    SILENT,
  );
  const { host, port } = server.address;
  const partner = await invitePartner(auths, server);
  app.out.note(`Waybill's SFTP server listens on ${host} port ${port}, and a partner has the account "${ACCOUNT}"`);

  await upload(server, partner, [firstDay(example)]);
  app.out.note(`The partner uploads ${FIRST}, which is examples/customers.csv. This command imports it:`);
  app.out.note(`  ${app.out.talk("cyan", command(app, "csv-import", ENCRYPTED, CONFIG))}\n`);
  const first = await importAll(app);
  let code = await reportRun(app, first, { withoutNext: true });
  if (code !== 0) return code;

  const later = await nextDays(example, partner.publicKey);
  await upload(server, partner, later);
  app.out.note(
    `\nTwo more days' files come, ${later.map(({ name }) => name).join(" and ")}: the last is zipped, and ` +
      "encrypted by PGP. The same command again imports the rows that are not as they were:\n",
  );
  const second = await importAll(app);
  code = await reportRun(app, second, { withoutNext: true });
  if (code !== 0) return code;

  const size = await gather(audiences);
  app.out.note(
    `\nThe ${count(size)} of them in Germany are the audience "${AUDIENCE.slug}". They leave as a file that only the ` +
      "partner can read:",
  );
  app.out.note(`  ${app.out.talk("cyan", command(app, "sftp-csv-export", OUTBOUND, EXPORT))}\n`);
  const third = await followRun(app, await runs.start({ type: "sftp-csv-export", auth: OUTBOUND, config: EXPORT }));
  code = await reportRun(app, third, { withoutNext: true });
  if (code !== 0 || app.out.json) return code;
  const lines = await readBack(server, partner, third.path ?? "");
  app.out.note(`\nThe partner fetches it, decrypts it, and reads ${count(lines.length - 1)} rows:\n`);
  for (const line of lines.slice(0, 4)) app.out.line(`  ${visible(line)}`);

  if (first.profiles_created + first.profiles_updated + second.profiles_created + second.profiles_updated === 0) {
    app.out.note("\nAll of it was in already, so no profile was made or changed: running it again is harmless");
  }

  const { printProfile } = await import("../commands/profile.ts");
  app.out.note(`\nOne of the profiles, looked up with ${app.command("profile", "get", "email", SOMEBODY)}:\n`);
  printProfile(app, await profiles.get("email", SOMEBODY));
  const { events } = await streams.get(STREAM);
  app.out.note(`\nThe stream "${STREAM}" holds ${count(events)} events. All of it lies in ${app.home}`);
  app.out.next([
    app.command("run", "rejects", first.id),
    app.command("stream", "fields", STREAM),
    app.command("sftp", "log"),
    app.command("run", "list"),
    `${app.command("auth", "create", "sftp")} --help`,
  ]);
  if (keep) await serveOn(app, partner, server.address);
  return 0;

  async function importAll(app: App): Promise<RunView> {
    return await followRun(app, await runs.start({ type: "csv-import", auth: ENCRYPTED, config: CONFIG }));
  }
}

/** One file is whole when it is seen, so nothing has to settle. */
const CONFIG = {
  ...{ folder: "in", file: FIRST, prefix: PREFIX, stream: STREAM, diff: true, settle_seconds: 0 },
  ...{ identify_by: ["customer_id", "email"], timestamps: ["updated_at"] },
};

/** What the partner gets: one file, which the next export replaces. */
const EXPORT = {
  ...{ audience: AUDIENCE.slug, fields: ["customer_id", "email", "city"], compress: "gzip", timestamp_format: "none" },
  manifest: true,
};

async function serveOn(
  app: App,
  { username, password }: { readonly username: string; readonly password: string },
  { host, port }: { readonly host: string; readonly port: number },
): Promise<void> {
  app.out.note(`\nTo upload more: sftp -P ${port} ${username}@${host}, with the password ${password}`);
  app.out.note("Press Ctrl-C to end");
  const { serve } = await import("../../server/program.ts");
  await serve({ home: app.home, host: "127.0.0.1", port: 0, plugins: app.modules });
}

function command(app: App, type: string, auth: string, config: typeof CONFIG | typeof EXPORT): string {
  const flags = Object.entries(config).flatMap(([key, value]) => {
    const flag = `--${key.replaceAll("_", "-")}`;
    return value === true ? [flag] : [flag, Array.isArray(value) ? value.join(",") : String(value)];
  });
  return app.command("run", type, "--auth", auth, ...flags);
}
