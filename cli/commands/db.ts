/**
 * `db migrate|check`
 *
 * @module
 */
import { Failure, FAILURE_HANDLING } from "../../core/contracts/failure.ts";
import type { App } from "../app.ts";
import type { Command, Noun } from "../command.ts";

const migrate: Command = {
  summary: "Brings the tables up to date; every command that opens the database does so too",
  run: async (app) => {
    const { openHome } = await import("../../core/engine/home.ts");
    const { openDatabase } = await import("../../core/database/open.ts");
    const { migrate } = await import("../../core/database/migrations.ts");
    const { homeMismatch } = await import("../../core/engine/home_id.ts");
    const home = await openHome(app.home);
    await using database = await openDatabase(home.database);
    const mismatch = await homeMismatch(home, database);
    if (mismatch !== undefined) throw mismatch;
    const applied = await migrate(database);
    if (app.out.json) return app.out.value({ applied });
    for (const name of applied) app.out.line(`applied ${name}`);
    if (applied.length === 0) app.out.note("The tables are up to date");
  },
};

const check: Command = {
  summary: "Tells whether tables are up to date, and they and the archive whole; changes nothing",
  run: async (app) => {
    const { checkDatabase } = await import("../../core/engine/check_database.ts");
    const state = await checkDatabase(app.home);
    if (state === undefined) {
      throw new Failure("config", `There is no database in "${app.home}" yet`, {
        code: "not_found",
        hint: `Make it with ${app.command("db", "migrate")}`,
      });
    }
    app.out.goOnUnread();
    const ok = state.pending.length + state.newer.length + state.damage.length === 0;
    if (app.out.json) app.out.value({ ok, ...state });
    else print(app, ok, state);
    return ok ? 0 : FAILURE_HANDLING.config.exitCode;
  },
};

type State = NonNullable<
  Awaited<ReturnType<typeof import("../../core/engine/check_database.ts")["checkDatabase"]>>
>;

function print(app: App, ok: boolean, { applied, pending, newer, damage }: State): void {
  app.out.pairs([
    ["applied", [...applied]],
    ["pending", [...pending]],
    ["of a newer Waybill", [...newer]],
    ["damage", [...damage]],
  ]);
  if (ok) app.out.note("The tables are up to date; they and the archive are whole");
  if (pending.length > 0) app.out.next([app.command("db", "migrate")]);
  if (newer.length > 0) app.out.note("Install the newer Waybill, or restore the backup made before the upgrade");
  if (damage.length > 0) app.out.note("Stop Waybill and restore the last backup");
}

/** The database's tables. */
export const db: Noun = { verbs: { migrate, check } };
