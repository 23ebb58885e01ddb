/**
 * The one commit that puts a list's new members in the place of the old ones.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";
import type { ListTarget } from "../contracts/list_target.ts";
import type { RunCounts } from "../contracts/job.ts";
import type { Executor } from "../database/database.ts";
import { type MemberKeys, removeMembers, writeMembers } from "../profiles/audience_members.ts";
import { SYSTEM } from "./actor.ts";
import { type AppRow, findApp, findAppNamed } from "./apps.ts";
import { addList, findListNamed, type ListRow, requireList, requireRoom } from "./audience_list_rows.ts";
import { moveHead } from "./audience_cache.ts";
import { checkSlug, slugOf } from "./audience_names.ts";
import { EVERYBODY } from "./audience_programs.ts";
import { audit } from "./audit.ts";
import type { Attempt } from "./attempt.ts";
import { PlaceChanged } from "./import_commit.ts";
import { checkLabel, freeLabel } from "./label.ts";
import { type MarkedFile, markFiles } from "./ledger.ts";
import { holdUnlessStopped } from "./claim.ts";
import { turn } from "./turns.ts";

/** What a run has done, as its checkpoint has it: nothing is left to do. */
export interface ListDone {
  readonly list: number;
  readonly audience: number;
}

/** What is committed. */
export interface NewMembers {
  readonly target: ListTarget;
  readonly keys: MemberKeys;
  readonly counts: RunCounts;
  /** The account's import epoch under which the rows were looked at. */
  readonly epoch: number;
  readonly files: readonly MarkedFile[];
}

/** The app that a list is of. Failure `config` (`not_found`) where there is none such. */
export async function appOf(executor: Executor, account: number, app: string): Promise<AppRow> {
  const row = await findApp(executor, account, app) ?? await findAppNamed(executor, account, app);
  if (row !== undefined) return row;
  throw new Failure("config", `There is no app "${app}"`, { code: "not_found", hint: "See `waybill app list`" });
}

/** The list that is meant; undefined for one that is to be made. Failure `not_found` for an id that is not there. */
export async function findTargetList(
  executor: Executor,
  account: number,
  app: AppRow,
  { list: { id, name } }: ListTarget,
): Promise<ListRow | undefined> {
  if (id === undefined) return await findListNamed(executor, account, app.id, name ?? "");
  const row = await requireList(executor, account, id);
  if (row.app_id === app.id) return row;
  throw new Failure("config", `Audience list ${id} is not of app "${app.name}"`, {
    code: "not_found",
    hint: "Check both ids",
  });
}

/** Commits: members, version, counts and what the run has done, in one transaction that no reader sees a part of. */
export async function replaceMembers(attempt: Attempt, members: NewMembers): Promise<void> {
  const { core: { database }, claim, row: run } = attempt;
  const { account } = claim;
  const { target, keys, counts, epoch, files } = members;
  await database.write(async (transaction) => {
    const { import_epoch } = await transaction.selectFrom("accounts").select("import_epoch").where("id", "=", account)
      .executeTakeFirstOrThrow();
    if (import_epoch !== epoch) throw new PlaceChanged(claim);
    await holdUnlessStopped(transaction, claim);
    const now = await database.now();
    const app = await appOf(transaction, account, target.list.app);
    const found = await findTargetList(transaction, account, app, target);
    if (found !== undefined && await isOutdated(transaction, attempt, found)) {
      throw new Failure("config", `A newer import of audience list ${found.id} was done before this one`, {
        code: "conflict",
        hint: "The list is as the newer one says",
      });
    }
    const done = await listAndAudience(transaction, attempt, app, found, target, now);
    const { version } = await transaction.selectFrom("audiences").select("version")
      .where("account_id", "=", account).where("id", "=", done.audience).executeTakeFirstOrThrow();
    const next = { account, audience: done.audience, version: version + 1 };
    const count = await writeMembers(transaction, next, keys.sorted(), turn);
    await removeMembers(transaction, next);
    await transaction.updateTable("audiences")
      .set({ field: target.member, members: count, version: next.version, updated_at: now })
      .where("account_id", "=", account).where("id", "=", done.audience).execute();
    await moveHead(transaction, account);
    await markFiles(transaction, claim, files, now);
    await transaction.updateTable("runs").set({
      checkpoint: JSON.stringify(done satisfies ListDone),
      rows_read: counts.read,
      accepted: counts.accepted,
      rejected: counts.rejected,
      refused: counts.refused,
      bytes: attempt.bytes(),
      duration_ms: attempt.duration(),
    }).where("account_id", "=", account).where("id", "=", run.id).execute();
  });
}

/** Whether an import that was asked for after this one has come to its end before it. */
async function isOutdated(transaction: Executor, { claim, row }: Attempt, list: ListRow): Promise<boolean> {
  const newest = await transaction.selectFrom("runs").select("id").where("account_id", "=", claim.account)
    .where("id", "=", list.run_id).where("id", "<>", claim.run).where("created_at", ">=", row.created_at)
    .where("checkpoint", "is not", null).executeTakeFirst();
  return newest !== undefined;
}

/** The list and its audience; what of them is not there yet is made. */
async function listAndAudience(
  transaction: Executor,
  { core: { database }, claim: { account, run } }: Attempt,
  app: AppRow,
  found: ListRow | undefined,
  { list: { name }, member }: ListTarget,
  now: number,
): Promise<ListDone> {
  if (found !== undefined && found.audience_id !== null) return { list: found.id, audience: found.audience_id };
  if (found === undefined) await requireRoom(transaction, account);
  const called = checkLabel(found?.name ?? name ?? "", "name");
  const list = found?.id ?? (await moveHead(transaction, account, { adds: true })).last_id;
  if (found === undefined) {
    await addList(transaction, {
      account_id: account,
      id: list,
      app_id: app.id,
      name: called,
      run_id: run,
      created_at: now,
    });
  }
  const { last_id: audience } = await moveHead(transaction, account, { adds: true });
  const slug = await freeSlug(transaction, account, called);
  await transaction.insertInto("audiences").values({
    account_id: account,
    id: audience,
    table_id: app.table_id,
    kind: "list",
    slug,
    name: called,
    description: "",
    filter: null,
    field: member,
    members: 0,
    version: 0,
    created_at: now,
    updated_at: now,
  }).execute();
  await transaction.updateTable("audience_lists").set({ audience_id: audience })
    .where("account_id", "=", account).where("id", "=", list).execute();
  const context = { database, accountId: account, actor: SYSTEM };
  const detail = { type: "list", list, app: app.id, run };
  await audit(transaction, context, { action: "create", kind: "audience", id: String(audience), label: slug, detail });
  return { list, audience };
}

/** A slug made of a name, numbered where it is taken. */
async function freeSlug(transaction: Executor, account: number, name: string): Promise<string> {
  const rows = await transaction.selectFrom("audiences").select("slug").where("account_id", "=", account).execute();
  return checkSlug(freeLabel(wantedSlug(name), [EVERYBODY, ...rows.map(({ slug }) => slug)]));
}

function wantedSlug(name: string): string {
  try {
    const slug = slugOf(name).slice(0, 90);
    // Digits alone are an audience's id.
    return /^\d+$/.test(slug) ? `list_${slug}` : slug;
  } catch {
    return "list";
  }
}
