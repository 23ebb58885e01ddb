/**
 * Mappings: making, showing, changing, trying and suggesting them. A table follows its mappings by itself.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";
import type { Executor } from "../database/database.ts";
import { nearest } from "../describe/mod.ts";
import { audit, type AuditEntry } from "./audit.ts";
import type { EngineContext } from "./context.ts";
import type { Core } from "./core.ts";
import { followMappings } from "./generations.ts";
import { newId } from "./ids.ts";
import { allMappings, findMapping, type MappingRow, mappingView, nameOf, replayRuns } from "./mapping_find.ts";
import { previewMapping } from "./mapping_preview.ts";
import { checkBeside, mappingNotes, type ReadMapping, readMapping } from "./mapping_rules.ts";
import { suggestMapping } from "./mapping_suggest.ts";
import { findTable, makeTable, requireTable, tableName, tableNames } from "./profile_tables.ts";
import type { Mappings, MappingTest } from "./runtime.ts";
import { findStream, makeStream, requireStream } from "./streams.ts";
import type {
  DeletedMappingView,
  MappingChangeView,
  MappingPreviewView,
  MappingSuggestionView,
  MappingView,
} from "./views.ts";

/** What mappings need of the engine beside the context of whoever asks. */
export interface MappingsOptions extends Pick<Core, "archive" | "identityKey"> {
  /** Called with a replay that was queued: this process's runner may want it. */
  readonly queued: (run: string) => Promise<void>;
}

type MappingsContext = Pick<EngineContext, "database" | "accountId" | "actor">;

/** The mappings of the context's account. */
export function mappingsOf(context: MappingsContext, options: MappingsOptions): Mappings {
  return new SavedMappings(context, options);
}

/** What a change did. */
interface Change {
  readonly id: string;
  /** The replay that it takes. */
  readonly replay: string | undefined;
  readonly notes: readonly string[];
}

class SavedMappings implements Mappings {
  readonly #context: MappingsContext;
  readonly #options: MappingsOptions;

  constructor(context: MappingsContext, options: MappingsOptions) {
    this.#context = context;
    this.#options = options;
  }

  async create({ lql }: { readonly lql: string }): Promise<MappingChangeView> {
    const read = readMapping(lql);
    const { database, accountId } = this.#context;
    return await this.#changed(
      await database.write(async (transaction) => {
        const now = await database.now();
        await checkBeside(transaction, accountId, read, await allMappings(transaction, accountId));
        const notes: string[] = [];
        const { stream, table } = await this.#places(transaction, read, now, notes);
        const id = newId();
        await transaction.insertInto("mappings").values({
          account_id: accountId,
          id,
          stream_id: stream,
          table_id: table,
          definition: JSON.stringify({ kind: "lql", text: lql }),
          created_at: now,
          updated_at: now,
        }).execute();
        return await this.#follow(transaction, "create", { id, stream_id: stream, table_id: table }, read, {
          notes,
          now,
        });
      }),
    );
  }

  async list(options: { readonly stream?: string; readonly table?: string } = {}): Promise<MappingView[]> {
    const { database: { kysely }, accountId } = this.#context;
    const stream = options.stream === undefined ? undefined : await requireStream(kysely, accountId, options.stream);
    const table = options.table === undefined ? undefined : await requireTable(kysely, accountId, options.table);
    const replays = await replayRuns(kysely, accountId);
    return (await allMappings(kysely, accountId))
      .filter((row) => stream === undefined || row.stream_id === stream.id)
      .filter((row) => table === undefined || row.table_id === table)
      .map((row) => mappingView(row, replays.get(row.table_id) ?? null));
  }

  async get(mapping: string): Promise<MappingView> {
    const { database: { kysely }, accountId } = this.#context;
    const row = await findMapping(kysely, accountId, mapping);
    return mappingView(row, (await replayRuns(kysely, accountId)).get(row.table_id) ?? null);
  }

  async update(mapping: string, { lql }: { readonly lql?: string }): Promise<MappingChangeView> {
    const { database, accountId } = this.#context;
    return await this.#changed(
      await database.write(async (transaction) => {
        // Before the text: whoever may not know of it learns nothing.
        const row = await findMapping(transaction, accountId, mapping);
        const now = await database.now();
        if (lql === undefined) {
          return { id: row.id, replay: await followMappings(transaction, accountId, row.table_id, { now }), notes: [] };
        }
        refuseBuiltIn(row);
        const read = readMapping(lql);
        await refuseOtherPlace(transaction, accountId, row, read);
        const others = (await allMappings(transaction, accountId)).filter(({ id }) => id !== row.id);
        await checkBeside(transaction, accountId, read, others);
        await transaction.updateTable("mappings")
          .set({ definition: JSON.stringify({ kind: "lql", text: lql }), updated_at: now })
          .where("account_id", "=", accountId).where("id", "=", row.id).execute();
        return await this.#follow(transaction, "update", row, read, { notes: [], now });
      }),
    );
  }

  async delete(mapping: string): Promise<DeletedMappingView> {
    const { database, accountId } = this.#context;
    const { row, replay } = await database.write(async (transaction) => {
      const row = await findMapping(transaction, accountId, mapping);
      refuseBuiltIn(row);
      await transaction.deleteFrom("mappings").where("account_id", "=", accountId).where("id", "=", row.id).execute();
      const replay = await followMappings(transaction, accountId, row.table_id, { now: await database.now() });
      await this.#audit(transaction, "delete", row.id, row);
      return { row, replay };
    });
    if (replay !== undefined) await this.#options.queued(replay);
    return { id: row.id, stream: row.stream, table: row.table, deleted: true, replay_run: replay ?? null };
  }

  async test(input: MappingTest): Promise<MappingPreviewView> {
    return await previewMapping(this.#context, this.#options, input);
  }

  async suggest(stream: string): Promise<MappingSuggestionView> {
    return await suggestMapping(this.#context, this.#options.archive, stream);
  }

  /** The stream and the table of a text; makes what is not there, and says so. */
  async #places(
    transaction: Executor,
    { mapping }: ReadMapping,
    now: number,
    notes: string[],
  ): Promise<{ readonly stream: number; readonly table: number }> {
    const { accountId } = this.#context;
    let stream = await findStream(transaction, accountId, mapping.stream);
    if (stream === undefined) {
      const streams = await transaction.selectFrom("streams").select("name").where("account_id", "=", accountId)
        .execute();
      stream = await makeStream(transaction, accountId, mapping.stream, now);
      notes.push(madeNote("Stream", mapping.stream, streams.map(({ name }) => name)));
    }
    let table = await findTable(transaction, accountId, mapping.table);
    if (table === undefined) {
      const tables = await tableNames(transaction, accountId);
      table = await makeTable(transaction, accountId, mapping.table, now);
      notes.push(madeNote("Profile table", mapping.table, tables));
    }
    return { stream, table };
  }

  /** What follows from a mapping that was written: the table goes after it, and the change is written down. */
  async #follow(
    transaction: Executor,
    action: "create" | "update",
    { id, stream_id, table_id }: Pick<MappingRow, "id" | "stream_id" | "table_id">,
    read: ReadMapping,
    { notes, now }: { readonly notes: readonly string[]; readonly now: number },
  ): Promise<Change> {
    const { accountId } = this.#context;
    const replay = await followMappings(transaction, accountId, table_id, { now });
    const { mapping } = read;
    const stream = { id: stream_id, name: mapping.stream };
    const doubts = await mappingNotes(transaction, accountId, stream, read, now);
    const table = await tableName(transaction, accountId, table_id);
    await this.#audit(transaction, action, id, { ...mapping, table });
    return { id, replay, notes: [...notes, ...doubts] };
  }

  async #changed({ id, replay, notes }: Change): Promise<MappingChangeView> {
    if (replay !== undefined) await this.#options.queued(replay);
    // A replay that is done already is still the one that the change took.
    const view = await this.get(id);
    return { ...view, replay_run: replay ?? view.replay_run, notes };
  }

  #audit(
    transaction: Executor,
    action: string,
    id: string,
    { alias, stream, table }: { readonly alias?: string | undefined; readonly stream: string; readonly table: string },
  ): Promise<void> {
    const detail: AuditEntry["detail"] = { stream, table };
    return audit(transaction, this.#context, { action, kind: "mapping", id, label: alias ?? stream, detail });
  }
}

/** What changes of profiles mean is no text that somebody could change. */
function refuseBuiltIn({ definition, stream }: MappingRow): void {
  if (definition.kind !== "changes") return;
  throw new Failure("config", `The mapping of stream "${stream}" is built in: its events are changes of profiles`, {
    code: "conflict",
  });
}

/** A mapping stays where it is. */
async function refuseOtherPlace(
  executor: Executor,
  account: number,
  row: MappingRow,
  { mapping: { stream, table } }: ReadMapping,
): Promise<void> {
  if (stream === row.stream && await findTable(executor, account, table) === row.table_id) return;
  throw new Failure(
    "config",
    `The text is for stream "${stream}" and table "${table}", and ${
      nameOf(row)
    } for stream "${row.stream}" and table ` +
      `"${row.table}"`,
    { hint: "Make another with `waybill mapping create`, and delete this one where it is not wanted" },
  );
}

function madeNote(what: string, name: string, others: readonly string[]): string {
  const near = nearest(name, others);
  const meant = near === undefined ? "" : `; if you meant "${near}", delete the mapping and name that one`;
  return `${what} "${name}" did not exist and is made${meant}`;
}
