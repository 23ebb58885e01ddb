/**
 * Erasures: what `erasure request|status|list|lift` and their routes give.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";
import type { Executor } from "../database/database.ts";
import type { ErasuresTable } from "../database/tables.ts";
import { findStoredProfile } from "../profiles/find_profile.ts";
import type { Identity } from "../profiles/erase_profiles.ts";
import { erasedKey } from "../profiles/erased_identities.ts";
import { type OpenTarget, openTarget } from "../profiles/mapping.ts";
import type { ProfileStatements } from "../profiles/statements.ts";
import { requireVisible } from "./account_settings.ts";
import { audit } from "./audit.ts";
import type { EngineContext } from "./context.ts";
import { ComputingTables } from "./erased_targets.ts";
import { currentGeneration, moveEpoch } from "./generations.ts";
import { newId } from "./ids.ts";
import { isoTime } from "./iso_time.ts";
import { comesAfter, cursorAfter, readCursor } from "./page_cursor.ts";
import { DEFAULT_TABLE, requireTable } from "./profile_tables.ts";
import { queueTask, requeued } from "./queue_run.ts";
import type { Erasures } from "./runtime.ts";
import { placeOfIdentities } from "./vault.ts";
import type { ErasureView } from "./views.ts";

/** Id of the task that erases. */
export const ERASURE = "erasure";

/** Erasures on one page. */
const MAX_PAGE = 1_000;
/** Rows of one insert. */
const AT_ONCE = 500;
const DAY = 86_400_000;

/** What erasures need beside the context. */
export interface ErasuresOptions {
  readonly statements: ProfileStatements;
  /** Key of identity hashes. */
  readonly identityKey: Uint8Array;
  /** Called with a run that was queued: this process's runner may want it. */
  readonly queued: (run: string) => Promise<void>;
}

/** The erasures of the context's account. */
export function erasuresOf(context: EngineContext, options: ErasuresOptions): Erasures {
  const { database, accountId: account } = context;

  const find = async (executor: Executor, id: string): Promise<ErasuresTable> => {
    const row = await executor.selectFrom("erasures").selectAll().where("account_id", "=", account)
      .where("id", "=", id).executeTakeFirst();
    if (row !== undefined) return row;
    throw new Failure("config", `Erasure "${id}" does not exist`, {
      code: "not_found",
      hint: "See `waybill erasure list`",
    });
  };
  const view = async (row: ErasuresTable): Promise<ErasureView> => {
    const refused = await database.kysely.selectFrom("erased_identities").select("key").where(
      "account_id",
      "=",
      account,
    )
      .where("erasure_id", "=", row.id).limit(1).executeTakeFirst();
    return viewOf(row, refused !== undefined);
  };

  return {
    request: async (field, value, { table = DEFAULT_TABLE } = {}) => {
      const made = await database.write(async (transaction) => {
        const id = await requireTable(transaction, account, table);
        const target = openTarget(await currentGeneration(transaction, account, id), options.identityKey, 0);
        const identity = checkIdentity(context, target, table, field, value);
        const pending = await pendingFor(transaction, account, target, identity);
        if (pending !== undefined) {
          await goOn(transaction, pending, await database.now());
          return pending;
        }
        // Locks the account's row: no event can give the profile another identity meanwhile.
        await moveEpoch(transaction, account);
        const identities = await identitiesOf(transaction, options.statements, target, identity);
        const now = await database.now();
        const row: ErasuresTable = {
          account_id: account,
          id: `${newId().slice(0, 20)}-${Math.floor(now / DAY) * DAY / 1_000}`,
          table_id: id,
          state: "initial",
          identities: null,
          raw_forms: null,
          definitions: JSON.stringify([target.generation]),
          run_id: await waitingRun(transaction, account) ??
            await queueTask(transaction, { account, task: ERASURE, config: {}, now }),
          created_at: now,
          completed_at: null,
        };
        const sealed = await context.vault.seal(identities.map((one) => [...one]), placeOfIdentities(row.id));
        await transaction.insertInto("erasures").values({ ...row, identities: sealed }).execute();
        await refuse(transaction, row, target, identities);
        const others = await ComputingTables.of(transaction, account, options.identityKey);
        for (const namesake of others.namesakes(id, identities)) {
          await refuse(transaction, row, namesake.target, namesake.identities);
        }
        await audit(transaction, context, { action: "request", kind: "erasure", id: row.id, label: row.id });
        return row;
      });
      await options.queued(made.run_id);
      return await view(made);
    },

    get: async (id) => await view(await find(database.kysely, id)),

    list: async ({ cursor, limit = 50 } = {}) => {
      const size = Math.min(Math.max(limit, 1), MAX_PAGE);
      const from = cursor === undefined ? undefined : readCursor("erasures", cursor);
      const rows = await database.kysely.selectFrom("erasures").selectAll().where("account_id", "=", account)
        .$if(from !== undefined, (query) => query.where(comesAfter(from!)))
        .orderBy("created_at", "desc").orderBy("id", "desc").limit(size + 1).execute();
      const items = await Promise.all(rows.slice(0, size).map(view));
      return { items, next: rows.length > size ? cursorAfter(rows[size - 1]!) : null };
    },

    lift: async (id) => {
      await database.write(async (transaction) => {
        const row = await find(transaction, id);
        if (row.state !== "done") {
          throw new Failure("config", `Erasure "${id}" is not done yet: it is in state "${row.state}"`, {
            code: "conflict",
            hint: "What is being erased stays refused until it is done",
          });
        }
        await transaction.deleteFrom("erased_identities").where("account_id", "=", account)
          .where("erasure_id", "=", id).execute();
        await moveEpoch(transaction, account);
        await audit(transaction, context, { action: "lift", kind: "erasure", id, label: id });
      });
      return await view(await find(database.kysely, id));
    },
  };
}

function checkIdentity(
  context: EngineContext,
  target: OpenTarget,
  table: string,
  field: string,
  value: string,
): Identity {
  requireVisible(context.actor, context.account.settings, field);
  const { identifyBy, identity } = target.rules;
  if (!identifyBy.includes(field)) {
    throw new Failure("config", `Field "${field}" identifies no profile of table "${table}"`, {
      code: "not_found",
      hint: `Name one of the fields that do: ${
        identifyBy.map((name) => `"${name}"`).join(", ") || "there are none yet"
      }`,
    });
  }
  const normalised = identity.normalise(field, value);
  if (normalised !== undefined) return [field, normalised];
  throw new Failure("config", `The value given for "${field}" names nobody`, {
    hint: "It is empty, or on the table's list of values that identify nobody",
  });
}

/** Whoever asks again for an erasure whose run has failed or was stopped wants it to go on. */
async function goOn(executor: Executor, { account_id, run_id }: ErasuresTable, now: number): Promise<void> {
  await executor.updateTable("runs").set(requeued(now)).where("account_id", "=", account_id).where("id", "=", run_id)
    .where("status", "in", ["failed", "cancelled"]).execute();
}

/** The erasure under way that an identity belongs to. */
async function pendingFor(
  executor: Executor,
  account: number,
  target: OpenTarget,
  [field, value]: Identity,
): Promise<ErasuresTable | undefined> {
  return await executor.selectFrom("erasures").innerJoin(
    "erased_identities",
    (join) =>
      join.onRef("erased_identities.account_id", "=", "erasures.account_id")
        .onRef("erased_identities.erasure_id", "=", "erasures.id"),
  )
    .selectAll("erasures").where("erasures.account_id", "=", account).where(
      "erased_identities.table_id",
      "=",
      target.table,
    )
    .where("erased_identities.key", "=", erasedKey(target, field, value) ?? "").where("erasures.state", "!=", "done")
    // Another table's may be refused here, too: it leaves what else this one has of the profile.
    .where("erasures.table_id", "=", target.table)
    .limit(1).executeTakeFirst();
}

/** Every identity of the profile that one names, this one included. */
export async function identitiesOf(
  executor: Executor,
  statements: ProfileStatements,
  target: OpenTarget,
  identity: Identity,
): Promise<Identity[]> {
  const profile = await findStoredProfile(executor, statements, target, ...identity);
  const all = Object.entries(profile?.state.identities() ?? {})
    .flatMap(([field, values]) => values.map((value): Identity => [field, value]));
  return all.some(([field, value]) => field === identity[0] && value === identity[1]) ? all : [identity, ...all];
}

/** The run that waits to erase; one that has begun takes nobody more. */
async function waitingRun(executor: Executor, account: number): Promise<string | undefined> {
  const row = await executor.selectFrom("runs").select("id").where("account_id", "=", account)
    .where("job_type", "=", ERASURE).where("status", "=", "queued").where("attempts", "=", 0)
    .where("stop_requested", "=", 0).orderBy("created_at").limit(1).executeTakeFirst();
  return row?.id;
}

/** Refuses data for identities of a table from here on, for an erasure; gives how many it did not refuse before. */
export async function refuse(
  executor: Executor,
  { account_id, id }: ErasuresTable,
  target: OpenTarget,
  identities: readonly Identity[],
): Promise<number> {
  const keys = new Set(identities.flatMap(([field, value]) => erasedKey(target, field, value) ?? []));
  const rows = [...keys].map((key) => ({ account_id, table_id: target.table, key, erasure_id: id }));
  let added = 0;
  for (let first = 0; first < rows.length; first += AT_ONCE) {
    const inserted = await executor.insertInto("erased_identities").values(rows.slice(first, first + AT_ONCE))
      .onConflict((conflict) => conflict.doNothing()).returning("key").execute();
    added += inserted.length;
  }
  return added;
}

function viewOf({ id, state, run_id, created_at, completed_at }: ErasuresTable, refused: boolean): ErasureView {
  return {
    request_id: id,
    state,
    completed: state === "done",
    refused,
    run_id,
    created_at: isoTime(created_at),
    completed_at: completed_at === null ? null : isoTime(completed_at),
  };
}
