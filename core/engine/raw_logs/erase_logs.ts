/**
 * What erasure does to the files of raw logs beyond rewriting them: collectors begin new ones, and what no row names goes.
 *
 * @module
 */
import type { Executor } from "../../database/database.ts";
import type { Core } from "../core.ts";
import { namesIn } from "../stored_files.ts";
import { join } from "node:path";
import { epochIn, logFolder } from "./commit_logs.ts";

/** Makes collectors begin new files, and look again at who is refused; waits for those that are committing. */
export async function moveLogEpochs(transaction: Executor, account: number): Promise<void> {
  await transaction.updateTable("apps").set((set) => ({ log_epoch: set("log_epoch", "+", 1) }))
    .where("account_id", "=", account).execute();
}

/**
 * Removes what crashes left in files that nobody adds to any more: files that no row names, and what lies past the
 * lengths of those that one names.
 */
export async function dropUnnamedLogs({ archive, database }: Pick<Core, "archive" | "database">, account: number) {
  const { kysely } = database;
  const epochs = new Map(
    (await kysely.selectFrom("apps").select(["id", "log_epoch"]).where("account_id", "=", account).execute())
      .map(({ id, log_epoch }) => [id, log_epoch]),
  );
  const root = logFolder(account);
  for (const app of await namesIn(join(archive.folder, root))) {
    for (const day of await namesIn(join(archive.folder, root, app))) {
      const folder = `${root}/${app}/${day}`;
      const names = await namesIn(join(archive.folder, folder));
      const rows = await kysely.selectFrom("segments").select(["path", "length"]).where("account_id", "=", account)
        .where("kind", "=", "logs").where("owner", "=", app).execute();
      const lengths = new Map(rows.map(({ path, length }) => [path, length]));
      for (const name of names) {
        if (epochIn(name) < (epochs.get(app) ?? Infinity)) archive.cut(`${folder}/${name}`, lengths);
      }
    }
  }
}
