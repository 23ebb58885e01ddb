/**
 * The main job, shown on a file that comes with the sources.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { Failure } from "../core/contracts/failure.ts";
import type { AuthView, RunView } from "../core/engine/views.ts";
import type { App } from "./app.ts";
import { followRun, reportRun } from "./follow.ts";
import { count } from "./format.ts";

const LABEL = "demo";
const FILE = "customers.csv";
const STREAM = "customers";
/** Somebody who is in the file three times. */
const SOMEBODY = "priya.iyer1061@example.net";

/** Imports the example and tells what happened. */
export async function runDemo(app: App): Promise<number> {
  const { runs, profiles, streams } = await app.runtime();
  const auth = await demoAuth(app);
  app.out.note(`Importing examples/${FILE} into the stream "${STREAM}", as this command does:`);
  app.out.note(`  ${app.out.talk("cyan", runCommand(app))}\n`);
  const run = await followRun(
    app,
    await runs.start({
      type: "csv-import",
      auth: auth.id,
      config: { file: FILE, stream: STREAM, identify_by: ["customer_id", "email"], timestamps: ["updated_at"] },
    }),
  );
  const code = await reportRun(app, run, { withoutNext: true });
  if (code !== 0 || app.out.json) return code;
  if (run.profiles_created + run.profiles_updated === 0) await tellRepeated(app, run);
  const { printProfile } = await import("./commands/profile.ts");
  app.out.note(`\nOne of the profiles, looked up with ${app.command("profile", "get", "email", SOMEBODY)}:\n`);
  printProfile(app, await profiles.get("email", SOMEBODY));
  const { events } = await streams.get(STREAM);
  app.out.note(`\nThe stream "${STREAM}" holds ${count(events)} events. All of it lies in ${app.home}`);
  app.out.next([
    app.command("run", "rejects", run.id),
    app.command("stream", "fields", STREAM),
    app.command("profile", "get", "email", SOMEBODY),
    app.command("run", "list"),
    `${app.command("auth", "create", "sftp")} --help`,
  ]);
  return 0;
}

async function tellRepeated(app: App, run: RunView): Promise<void> {
  app.out.note(
    `\nThese rows were in already, so no profile was made or changed: running it again is harmless. ` +
      `The stream keeps every event, so it grew by ${count(run.accepted)}`,
  );
}

/** The auth for the folder of examples: made, or led to where the sources lie now. */
async function demoAuth(app: App): Promise<AuthView> {
  const folder = fileURLToPath(new URL("../examples", import.meta.url));
  const { auths } = await app.runtime();
  try {
    const saved = await auths.get(LABEL);
    return saved.config.folder === folder ? saved : await auths.update(saved.id, { config: { folder } });
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== "not_found") throw error;
    return await auths.create({
      method: "local-folder",
      label: LABEL,
      description: "The examples that come with Waybill",
      config: { folder },
    });
  }
}

function runCommand(app: App): string {
  const flags = [
    "--file",
    FILE,
    "--stream",
    STREAM,
    "--identify-by",
    "customer_id,email",
    "--timestamps",
    "updated_at",
  ];
  return app.command("run", "csv-import", "--auth", LABEL, ...flags);
}
