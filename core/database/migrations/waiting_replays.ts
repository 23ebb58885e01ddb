/**
 * Which profile tables follow a mapping that earlier events do not follow yet.
 *
 * @module
 */
import { sql } from "kysely";
import type { Migration } from "../migration.ts";

/** Notes it of those whose replay waits. It was told by a generation that was being filled by the same definition. */
export const waitingReplays: Migration = {
  name: "0032_waiting_replays",
  async up({ transaction }) {
    await sql`update generations set definition = substr(definition, 1, length(definition) - 1) || ',"behind":true}'
      where state = 'current' and exists (select 1 from generations as next
        where next.account_id = generations.account_id and next.table_id = generations.table_id
          and next.state = 'building' and next.definition = generations.definition)`.execute(transaction);
  },
};
