/**
 * Erases values that stand in what people are to be told of jobs, and in why a job paused.
 *
 * @module
 */
import type { ErasableStore } from "./erasable_stores.ts";

/** What is told of jobs. */
export const noticeStore: ErasableStore = {
  name: "notices",
  tables: ["notices", "schedules"],
  folders: [],
  stage: "archive",
  erase: async ({ account, people, position, commit }) => {
    if (position !== undefined) return;
    await commit(async (transaction) => {
      const notices = await transaction.selectFrom("notices").select(["id", "message", "hint"])
        .where("account_id", "=", account).execute();
      for (const { id, message, hint } of notices) {
        const said = { message: people.scrub(message), hint: hint === null ? null : people.scrub(hint) };
        if (said.message === message && said.hint === hint) continue;
        await transaction.updateTable("notices").set(said).where("account_id", "=", account).where("id", "=", id)
          .execute();
      }
      const paused = await transaction.selectFrom("schedules").select(["job_id", "paused_because"])
        .where("account_id", "=", account).where("paused_because", "is not", null).execute();
      for (const { job_id, paused_because } of paused) {
        const said = people.scrub(paused_because ?? "");
        if (said === paused_because) continue;
        await transaction.updateTable("schedules").set({ paused_because: said }).where("account_id", "=", account)
          .where("job_id", "=", job_id).execute();
      }
      return { position: true };
    });
  },
};
