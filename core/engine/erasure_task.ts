/**
 * The task that erases people: profiles, archive, profiles once more, and what is left in the database's pages.
 *
 * It erases all who were waiting when it began, stage by stage. Each step is committed with the position after it, so
 * that a crash at any point goes on, and never back; only where a replay that was done between two attempts found more
 * of them, or a mapping was changed meanwhile that has other fields name them, does it begin with the profiles again.
 *
 * @module
 */
import { throwIfAborted } from "../contracts/failure.ts";
import type { JsonValue } from "../contracts/records.ts";
import type { Executor } from "../database/database.ts";
import type { ErasuresTable, ErasureState } from "../database/tables.ts";
import type { Identity } from "../profiles/erase_profiles.ts";
import { identityKey } from "../profiles/identity.ts";
import { type OpenTarget, openTarget } from "../profiles/mapping.ts";
import { PeopleInText, type RawForm, type SoughtPeople } from "../profiles/people_in_text.ts";
import { RawForms } from "../profiles/raw_forms.ts";
import { settingsOf } from "./account_settings.ts";
import { artifactStore } from "./artifacts/erase_artifacts.ts";
import { rejectStore } from "./erase_archive.ts";
import { ERASABLE_STORES, type ErasableStore, type EraseContext, type ErasedTable } from "./erasable_stores.ts";
import { ComputingTables, erasedTargets, namingDefinitions, withDefinitions } from "./erased_targets.ts";
import { ERASURE, identitiesOf, refuse } from "./erasures.ts";
import { currentGeneration, lockAccount, moveEpoch, REPLAY, type ReplayConfig, startReplay } from "./generations.ts";
import { sweepRetired } from "./sweep.ts";
import type { Task, TaskContext } from "./task.ts";
import { placeOfIdentities, placeOfRawForms } from "./vault.ts";

/** The stages, in their order. */
const STAGES = ["initial", "primary", "archive", "secondary"] as const satisfies readonly ErasureState[];

/** How far the task is: a stage, a store of it, and where that had come to. */
interface Position {
  readonly stage: typeof STAGES[number];
  readonly store: number;
  readonly within: JsonValue | null;
}

/** Erases all who are waiting. */
export const erasureTask: Task = {
  id: ERASURE,
  work: async (context) => await new ErasureWork(context).work(),
};

class ErasureWork {
  #position: Position;
  #rawForms = new RawForms();
  /** How many of them are kept. */
  #kept = 0;

  constructor(private readonly context: TaskContext) {
    this.#position = context.checkpoint as unknown as Position | undefined ??
      { stage: "initial", store: 0, within: null };
  }

  async work(): Promise<void> {
    const { core, claim, signal } = this.context;
    if ((await this.#rows(core.database.kysely)).length === 0) return;
    do {
      await this.#begin();
      await this.#erase();
      // Before the tables are written anew: rows that move while others are removed leave copies behind.
      await sweepRetired(core.database, claim.account, { signal });
      throwIfAborted(signal);
      await core.database.rewrite([...new Set(ERASABLE_STORES.flatMap((store) => store.tables))]);
    } while (!await this.#end());
  }

  /** Does what is left of the stages. */
  async #erase(): Promise<void> {
    const { core, claim, signal } = this.context;
    const rows = await this.#rows(core.database.kysely);
    let tables = await this.#tables(rows);
    const sought = tables.map(soughtPeople);
    this.#rawForms = await this.#keptForms(rows);
    this.#kept = this.#rawForms.count;
    const of = (...stages: readonly ErasableStore["stage"][]) =>
      stages.flatMap((stage) => ERASABLE_STORES.filter((store) => store.stage === stage));
    const erase = async (stores: readonly ErasableStore[]) => {
      for (const [index, store] of stores.entries()) {
        if (index < this.#position.store) continue;
        await store.erase({
          core,
          account: claim.account,
          run: claim.run,
          tables,
          people: new PeopleInText(sought, this.#rawForms.all),
          rawForms: this.#rawForms,
          signal,
          task: this.context,
          position: this.#position.store === index ? this.#position.within ?? undefined : undefined,
          commit: (work) => this.#commitWithin(index, rows[0]!, work),
        });
        throwIfAborted(signal);
        // Those that were made anew are of another generation.
        if (store.stage === "derived") tables = await this.#tables(rows);
      }
    };
    if (this.#position.stage === "primary") {
      await erase(of("profiles"));
      await this.#enter("archive");
    }
    if (this.#position.stage === "archive") {
      await erase(of("archive", "arriving"));
      await this.#enter("secondary");
    }
    // At last: what was made of any of these since the archive's stage.
    await erase([...of("derived", "profiles", "arriving"), rejectsOfForms, artifactStore]);
  }

  /** The requests that this run does. */
  #rows(executor: Executor): Promise<ErasuresTable[]> {
    const { claim } = this.context;
    return executor.selectFrom("erasures").selectAll().where("account_id", "=", claim.account)
      .where("run_id", "=", claim.run).where("state", "!=", "done").orderBy("id").execute();
  }

  /**
   * Nobody finds them from here on. What has read of the archive while they were in it is filled anew when it is without
   * them; that may have begun, or ended, between two attempts as well. Whoever a replay made one with them since they
   * were named is them: then all is looked through once more.
   */
  async #begin(): Promise<void> {
    const { claim: { account } } = this.context;
    const { stage } = this.#position;
    let next = this.#position;
    await this.context.commit(async (transaction) => {
      await lockAccount(transaction, account);
      if (stage === "initial") await this.#setState(transaction, "primary");
      const joined = await this.#join(transaction);
      if (stage === "initial" || joined) next = { stage: "primary", store: 0, within: null };
      // What is filled at last is filled from an archive without them.
      if (next.stage !== "secondary") await this.#restartReplays(transaction);
      return { checkpoint: next as unknown as JsonValue };
    });
    this.#position = next;
  }

  /** Takes up the identities that the people have by now; whether there are more, or events name them otherwise. */
  async #join(transaction: Executor): Promise<boolean> {
    const { core, claim: { account } } = this.context;
    const others = await ComputingTables.of(transaction, account, core.identityKey);
    let joined = false;
    for (const row of await this.#rows(transaction)) {
      const target = openTarget(await currentGeneration(transaction, account, row.table_id), core.identityKey, 0);
      const naming = await namingDefinitions(transaction, account, row.table_id);
      const definitions = withDefinitions(row.definitions, naming);
      if (definitions !== undefined) {
        joined = true;
        await this.#update(transaction, row.id, { definitions });
      }
      const known = await this.#identitiesOf(row);
      const names = new Set(known.map((identity) => JSON.stringify(identity)));
      const more: Identity[] = [];
      for (const identity of known) {
        for (const found of await identitiesOf(transaction, core.statements, target, identity)) {
          const name = JSON.stringify(found);
          if (!names.has(name)) more.push(found);
          names.add(name);
        }
      }
      const all = [...known, ...more];
      if (more.length > 0) {
        joined = true;
        const identities = await core.vault.seal(all.map((one) => [...one]), placeOfIdentities(row.id));
        await this.#update(transaction, row.id, { identities });
        await refuse(transaction, row, target, more);
      }
      for (const namesake of others.namesakes(row.table_id, all)) {
        if (await refuse(transaction, row, namesake.target, namesake.identities) > 0) joined = true;
      }
    }
    if (joined) await moveEpoch(transaction, account);
    return joined;
  }

  /** Gives up what has begun to be filled; each replay is queued anew. One that waits has read nothing yet. */
  async #restartReplays(transaction: Executor): Promise<void> {
    const { core, claim: { account } } = this.context;
    const waiting = await transaction.selectFrom("runs").select("config").where("account_id", "=", account)
      .where("job_type", "=", REPLAY).where("status", "=", "queued").where("attempts", "=", 0).execute();
    const unread = waiting.map(({ config }) => (JSON.parse(config) as ReplayConfig).generation);
    const building = await transaction.updateTable("generations").set({ state: "retired" })
      .where("account_id", "=", account).where("state", "=", "building")
      .$if(unread.length > 0, (query) => query.where("id", "not in", unread))
      .returning(["table_id", "definition"]).execute();
    const now = await core.database.now();
    for (const { table_id, definition } of building) {
      await startReplay(transaction, account, table_id, JSON.parse(definition), now);
    }
  }

  async #enter(stage: "archive" | "secondary"): Promise<void> {
    await this.#commit({ stage, store: 0, within: null }, (transaction) => this.#setState(transaction, stage));
  }

  /** Ends it, unless a mapping that was changed meanwhile names them otherwise: then it tells that it is not done. */
  async #end(): Promise<boolean> {
    const { claim: { account, run }, core } = this.context;
    let isDone = true;
    await this.context.commit(async (transaction) => {
      await lockAccount(transaction, account);
      for (const [table, rows] of Map.groupBy(await this.#rows(transaction), ({ table_id }) => table_id)) {
        const naming = await namingDefinitions(transaction, account, table);
        if (rows.some(({ definitions }) => withDefinitions(definitions, naming) !== undefined)) isDone = false;
      }
      if (!isDone) return { checkpoint: this.#position as unknown as JsonValue };
      const now = await core.database.now();
      const { suppress_erased } = await settingsOf(transaction, account);
      if (suppress_erased === "off") {
        await transaction.deleteFrom("erased_identities").where("account_id", "=", account)
          .where(
            "erasure_id",
            "in",
            (query) =>
              query.selectFrom("erasures").select("id").where("account_id", "=", account).where("run_id", "=", run),
          )
          .execute();
        await moveEpoch(transaction, account);
      }
      await transaction.updateTable("erasures").set({
        state: "done",
        identities: null,
        raw_forms: null,
        definitions: null,
        completed_at: now,
      })
        .where("account_id", "=", account).where("run_id", "=", run).where("state", "!=", "done").execute();
      return { checkpoint: this.#position as unknown as JsonValue };
    });
    return isDone;
  }

  /** Never back, though the work may be done once more. */
  async #setState(executor: Executor, state: Position["stage"]): Promise<void> {
    const { claim: { account, run } } = this.context;
    await executor.updateTable("erasures").set({ state }).where("account_id", "=", account)
      .where("run_id", "=", run).where("state", "in", STAGES.slice(0, STAGES.indexOf(state))).execute();
  }

  /** The profile tables that the requests are about, with the identities of each. */
  async #tables(all: readonly ErasuresTable[]): Promise<ErasedTable[]> {
    const { core, claim: { account } } = this.context;
    const tables: ErasedTable[] = [];
    const others = await ComputingTables.of(core.database.kysely, account, core.identityKey);
    for (const [table, rows] of Map.groupBy(all, ({ table_id }) => table_id)) {
      const identities: Identity[] = [];
      for (const row of rows) identities.push(...await this.#identitiesOf(row));
      const kept = rows.map(({ definitions }) => definitions);
      for (const generation of await erasedTargets(core.database.kysely, account, table, kept)) {
        tables.push(erasedTable(openTarget(generation, core.identityKey, 0), identities));
      }
      for (const { target, identities: own } of others.namesakes(table, identities)) {
        tables.push(erasedTable(target, own));
      }
    }
    return tables;
  }

  async #update(
    transaction: Executor,
    id: string,
    changed: Partial<Pick<ErasuresTable, "identities" | "raw_forms" | "definitions">>,
  ): Promise<void> {
    await transaction.updateTable("erasures").set(changed).where("account_id", "=", this.context.claim.account)
      .where("id", "=", id).execute();
  }

  async #identitiesOf({ id, identities }: ErasuresTable): Promise<Identity[]> {
    if (identities === null) return [];
    return await this.context.core.vault.open(identities, placeOfIdentities(id)) as unknown as Identity[];
  }

  /** What an interrupted attempt had found; the events that it was found in are gone. */
  async #keptForms(rows: readonly ErasuresTable[]): Promise<RawForms> {
    const row = rows.find(({ raw_forms }) => raw_forms !== null);
    if (row === undefined) return new RawForms();
    const forms = await this.context.core.vault.open(row.raw_forms!, placeOfRawForms(row.id));
    return new RawForms(forms as unknown as RawForm[]);
  }

  async #commitWithin(
    store: number,
    { id }: ErasuresTable,
    work: Parameters<EraseContext["commit"]>[0],
  ): Promise<void> {
    const { stage } = this.#position;
    const { core } = this.context;
    const { count, all } = this.#rawForms;
    let next = this.#position;
    await this.context.commit(async (transaction) => {
      const { position } = await work(transaction);
      if (count > this.#kept) {
        const raw_forms = await core.vault.seal(all as unknown as JsonValue, placeOfRawForms(id));
        await this.#update(transaction, id, { raw_forms });
      }
      next = { stage, store, within: position };
      return { checkpoint: next as unknown as JsonValue };
    });
    this.#position = next;
    this.#kept = count;
  }

  async #commit(next: Position, work: (transaction: Executor) => Promise<void>): Promise<void> {
    await this.context.commit(async (transaction) => {
      await work(transaction);
      return { checkpoint: next as unknown as JsonValue };
    });
    this.#position = next;
  }
}

/**
 * Imports know identities by their hashes alone: rows that hold the parts of a computed one may have been rejected since
 * the archive's stage. Whether there are such forms is told by the stores before it in the same round.
 */
const rejectsOfForms: ErasableStore = {
  ...rejectStore,
  erase: async (context) => {
    if (context.rawForms.count > 0) await rejectStore.erase(context);
  },
};

function erasedTable(target: OpenTarget, identities: readonly Identity[]): ErasedTable {
  const keys = identities.flatMap(([field, value]) => {
    const hasher = target.hashers.find((hasher) => hasher.field === field);
    return hasher === undefined ? [] : [identityKey(hasher, value, 0)];
  });
  return { target, identities, keys: new Set(keys) };
}

/** Whoever is erased from a table, whatever the case in which a text writes the value. */
function soughtPeople({ target: { rules }, identities }: ErasedTable): SoughtPeople {
  const values = rules.identifyBy.map((name) =>
    new Set(identities.flatMap(([field, value]) => field === name ? [value.toLowerCase()] : []))
  );
  return { rules, names: (field, value) => values[field]!.has(value.toLowerCase()) };
}
