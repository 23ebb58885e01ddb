/**
 * Sizes and members of audiences: each over one state of the database.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";
import type { Executor } from "../database/database.ts";
import { shownValue } from "../lql/mod.ts";
import { kindsOf } from "../profiles/mapping.ts";
import { visibleFields } from "./account_settings.ts";
import { readAudiences } from "./audience_cache.ts";
import type { AudienceViewer, AudienceViewParts } from "./audience_context.ts";
import { AudiencePrograms, type AudienceRow, EVERYBODY } from "./audience_programs.ts";
import { countMembers, findMembers, type FoundMember, isSmall, listsOf, type Scan } from "./audience_scan.ts";
import { requireFieldsVisible } from "./audience_visibility.ts";
import { currentGeneration } from "./generations.ts";
import { handedOver } from "./hand_over.ts";
import { DEFAULT_TABLE, requireTable } from "./profile_tables.ts";
import type { MemberView, Page } from "./views.ts";

/** Members of a page unless told. */
const PAGE = 50;

/** Members that are handed over at a time. */
const HANDED = 500;

/** How many profiles are members now. Failure `config` (`not_found`); `forbidden` for a filter over PII fields. */
export async function sizeOf(
  context: AudienceViewer,
  parts: AudienceViewParts,
  audience: string,
  signal: AbortSignal | undefined,
): Promise<number> {
  const small = await context.database.read(async (transaction) => {
    const { scan } = await openScan(context, parts, transaction, audience, signal);
    return await isSmall(scan) ? await countMembers(scan, await listsOf(scan)) : undefined;
  });
  return small ??
    await parts.audienceCounts.count({ account: context.account, actor: context.actor, audience }, signal);
}

/** One page of the members, by ascending id of their profiles. */
export async function memberPage(
  context: AudienceViewer,
  parts: AudienceViewParts,
  audience: string,
  { cursor, limit = PAGE, signal }: {
    readonly cursor?: string;
    readonly limit?: number;
    readonly signal?: AbortSignal;
  },
): Promise<Page<MemberView>> {
  const after = cursor === undefined ? 0 : readCursor(cursor);
  return await context.database.read(async (transaction) => {
    const { scan, view } = await openScan(context, parts, transaction, audience, signal);
    const items: MemberView[] = [];
    for await (const member of findMembers(scan, after)) {
      if (items.length === limit) return { items, next: String(items.at(-1)!.id) };
      items.push(view(member));
    }
    return { items, next: null };
  });
}

/** All members, by ascending id of their profiles. Whoever takes none of them for 20 s gets no more. */
export async function* eachMember(
  context: AudienceViewer,
  parts: AudienceViewParts,
  audience: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<MemberView> {
  yield* handedOver<MemberView>(async (hand, ended) => {
    await context.database.read(async (transaction) => {
      const { scan, view } = await openScan(context, parts, transaction, audience, ended);
      let members: MemberView[] = [];
      for await (const member of findMembers(scan, 0)) {
        members.push(view(member));
        if (members.length < HANDED) continue;
        await hand(members);
        members = [];
      }
      if (members.length > 0) await hand(members);
    });
  }, signal);
}

/** What it takes to ask an audience, and how its members are shown. */
export async function openScan(
  { database, account: { id: accountId, settings }, actor }: Pick<AudienceViewer, "database" | "account" | "actor">,
  { statements }: Pick<AudienceViewParts, "statements">,
  executor: Executor,
  audience: string,
  signal: AbortSignal | undefined,
): Promise<{ readonly scan: Scan; view(member: FoundMember): MemberView }> {
  const { programs, row } = await findAudience(executor, accountId, audience);
  const program = programs.program(row);
  requireFieldsVisible(actor, settings, program.fields);
  const { scope, generation } = await currentGeneration(executor, accountId, row.table_id);
  const [kinds, visible] = [kindsOf(generation), visibleFields(actor, settings)];
  const now = await database.now();
  return {
    scan: { executor, kind: database.kind, statements, scope, program, now, signal },
    view: ({ id, attributes }) => ({
      id,
      attributes: Object.fromEntries(
        Object.entries(attributes).filter(([field]) => visible(field))
          .map(([field, value]) => [field, shownValue(kinds.get(field), value)]),
      ),
    }),
  };
}

/**
 * The audience with a slug or an id, among all of the account; `all` is one too, of a table of one's choice. Failure `config`
 * (`not_found`).
 */
export async function findAudience(
  executor: Executor,
  account: number,
  audience: string,
  table?: string,
): Promise<{ readonly programs: AudiencePrograms; readonly row: AudienceRow }> {
  const stored = await readAudiences(executor, account);
  if (audience !== EVERYBODY) return { programs: stored, row: stored.require(audience) };
  const row = await everyProfile(executor, account, table ?? DEFAULT_TABLE);
  return { programs: new AudiencePrograms([...stored.rows, row]), row };
}

/** The audience of everybody, which is stored nowhere. */
async function everyProfile(executor: Executor, account: number, table: string): Promise<AudienceRow> {
  return {
    id: 0,
    table_id: await requireTable(executor, account, table),
    kind: "dynamic",
    slug: EVERYBODY,
    name: EVERYBODY,
    description: "",
    filter: "FILTER *",
    field: null,
    members: 0,
    version: 0,
    created_at: 0,
    updated_at: 0,
  };
}

function readCursor(cursor: string): number {
  if (/^\d{1,16}$/.test(cursor) && Number.isSafeInteger(Number(cursor))) return Number(cursor);
  throw new Failure("config", "The cursor is none that a page gave", { hint: "Give `next` of the page before" });
}
