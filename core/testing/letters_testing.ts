/**
 * An export that keeps to the contract, for the tests of what tests it.
 *
 * @module
 */
import { z } from "zod";
import { defineAuth } from "../contracts/auth.ts";
import { defineExport, type ExportJobDefinition } from "../contracts/export_job.ts";
import { nameList } from "../contracts/fields.ts";
import { membersOf } from "../contracts/members.ts";
import { defineProvider } from "../contracts/provider.ts";

/** A shelf with letters, by number. */
export type Shelf = Map<number, string>;

const config = z.object({
  audience: z.string().meta({ help: "To whom." }),
  fields: nameList().meta({ help: "What to write." }),
  user_limit: z.int().min(1).optional().meta({ help: "Most letters." }),
  held: z.boolean().default(false).meta({ help: "Whether somebody has to look." }),
});
const checkpoint = z.object({ after: z.int(), rows: z.int() });
const nothing = z.object({});
const auth = defineAuth<typeof nothing, { readonly shelf: Shelf }>({
  id: "letters-open",
  title: "Open",
  summary: "Needs nothing.",
  config: nothing,
  connect: async () => ({ shelf: new Map(), [Symbol.asyncDispose]: async () => {} }),
  check: async function* () {},
});
const provider = defineProvider({ id: "letters", title: "Letters", summary: "Letters.", auths: [auth] });

/** An export that keeps to the contract: a letter a member, three at a time. */
export const letters: ExportJobDefinition<readonly [typeof auth], typeof config, typeof checkpoint> = defineExport({
  id: "letters-export",
  title: "Letters",
  summary: "Writes letters.",
  provider,
  direction: "export",
  auths: [auth],
  config,
  checkpoint,
  from: ({ audience, fields, user_limit: limit }) => ({ audience, fields, ...(limit === undefined ? {} : { limit }) }),
  sources: { audience: "audience", fields: "fields" },
  plan: async ({ size, columns }) => ({
    summary: `Would write ${await size()} letters`,
    facts: { fields: columns.map(({ name }) => name) },
    notes: [],
  }),
  run: async ({ config, connection, columns, members, checkpoint, commit, hold, progress }) => {
    if (config.held) await hold("Somebody has to look");
    let { after, rows } = checkpoint ?? { after: 0, rows: 0 };
    const page: { readonly id: number; readonly letter: string }[] = [];
    const deliver = async () => {
      for (const { id, letter } of page) connection.shelf.set(id, letter);
      rows += page.length;
      after = page.at(-1)?.id ?? after;
      page.length = 0;
      await commit({ after, rows }, { rows, bytes: 0, path: "shelf" });
    };
    const most = config.user_limit ?? Infinity;
    for await (const batch of members({ after })) {
      for (const { id, fields } of membersOf(batch, columns)) {
        if (rows + page.length === most) break;
        page.push({ id, letter: JSON.stringify(fields) });
        if (page.length === 3) await deliver();
      }
      progress({ done: rows, unit: "rows", share: batch.share });
    }
    await deliver();
  },
});

/** Those whom letters are written to. */
export const MEMBERS: readonly { readonly name: string; readonly n: number }[] = ["Ada", "Bob", "Eve", "Kim", "Zoë"]
  .map((name, n) => ({ name, n }));
