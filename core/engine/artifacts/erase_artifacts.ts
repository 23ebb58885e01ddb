/**
 * Removes the files of artifacts that may hold the erased, whoever else is in them: they are not written anew.
 *
 * @module
 */
import type { ErasableStore } from "../erasable_stores.ts";
import { ArtifactFiles } from "./artifact_files.ts";

/**
 * The files of artifacts: all that there are when it is come to, those included that are just being written, which are
 * cut off. It comes after the rejected rows: what is made later is made without the erased.
 */
export const artifactStore: ErasableStore = {
  name: "artifacts",
  tables: [],
  folders: ["artifacts"],
  stage: "archive",
  erase: async ({ core: { home, database }, account, commit }) => {
    await commit(async (transaction) => {
      await transaction.updateTable("artifacts").set({ ended_at: await database.now(), ended_because: "erased" })
        .where("account_id", "=", account).where("ended_at", "is", null).execute();
      return { position: true };
    });
    const files = new ArtifactFiles(home.artifactsDir);
    for await (const { id } of files.entries(account)) {
      const live = await database.kysely.selectFrom("artifacts").select("id").where("account_id", "=", account)
        .where("id", "=", id).where("ended_at", "is", null).executeTakeFirst();
      if (live === undefined) await files.remove({ account, id });
    }
  },
};
