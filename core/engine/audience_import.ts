/**
 * The members of a list audience, imported: one identity a line.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";
import type { Executor } from "../database/database.ts";
import { MemberKeys, readMembers, removeMembers, writeMembers } from "../profiles/audience_members.ts";
import { IdentityHasher, identityKey } from "../profiles/identity.ts";
import type { IdentityRules } from "../profiles/identity_rules.ts";
import { rulesOf } from "../profiles/mapping.ts";
import { requireVisible } from "./account_settings.ts";
import { moveHead, readAudiences } from "./audience_cache.ts";
import type { AudienceContext, AudienceParts } from "./audience_context.ts";
import type { AudienceRow } from "./audience_programs.ts";
import { audit } from "./audit.ts";
import { currentGeneration } from "./generations.ts";
import { checkCount } from "./list_members.ts";
import type { MembersInput } from "./runtime.ts";
import { turn } from "./turns.ts";
import type { ImportedMembersView } from "./views.ts";

/** Most characters of a line. */
const LONGEST_LINE = 1_000;

/**
 * Imports members in the place of those that are there, or beside them. Nothing changes unless every line was read. Who
 * is being erased, or is to stay away after that, becomes no member.
 *
 * Failures: `config` for an audience that is no list, a field that identifies nobody, and a list that is too long
 * (`too_large`); `data` for what is no UTF-8; `forbidden` for a PII field.
 */
export async function importMembers(
  context: AudienceContext,
  { identityKey: key }: Pick<AudienceParts, "identityKey">,
  audience: string,
  { field: given, content, add = false }: MembersInput,
): Promise<ImportedMembersView> {
  const { database, accountId, account: { settings }, actor } = context;
  const { row: found, field } = listOf((await readAudiences(database.kysely, accountId)).require(audience), given, add);
  requireVisible(actor, settings, field);
  const { generation } = await currentGeneration(database.kysely, accountId, found.table_id);
  const rules = rulesOf(generation);
  if (!rules.identifyBy.includes(field)) {
    throw new Failure("config", `Field "${field}" identifies no profile of this audience's table`, {
      hint: rules.identifyBy.length === 0
        ? "Import profiles first"
        : `Import values of ${rules.identifyBy.map((identity) => `"${identity}"`).join(" or ")}`,
    });
  }
  const hasher = new IdentityHasher(key, accountId, found.table_id, field);
  const { keys, lines, rejected } = await readKeys(content, hasher, rules.identity);
  return await database.write(async (transaction) => {
    const refused = await refusedKeys(transaction, accountId, found.table_id);
    const { row } = listOf((await readAudiences(transaction, accountId)).require(String(found.id)), field, add);
    const { id, slug } = row;
    const list = { account: accountId, audience: id, version: row.version };
    if (add) {
      for await (const block of readMembers(transaction, list)) for (const member of block) keys.add(member);
      checkCount(keys.count);
    }
    const next = { ...list, version: row.version + 1 };
    const members = await writeMembers(transaction, next, without(keys.sorted(), refused), turn);
    await removeMembers(transaction, next);
    await transaction.updateTable("audiences")
      .set({ field, members, version: next.version, updated_at: await database.now() })
      .where("account_id", "=", accountId).where("id", "=", id).execute();
    await moveHead(transaction, accountId);
    const detail = { field, members, mode: add ? "add" : "replace" };
    await audit(transaction, context, { action: "import", kind: "audience", id: String(id), label: slug, detail });
    return { id, slug, lines, rejected: rejected + refused.found, members };
  });
}

/** Keys of people whose data is refused, and how many of them were found. */
interface RefusedKeys {
  readonly keys: ReadonlySet<bigint>;
  found: number;
}

async function refusedKeys(executor: Executor, account: number, table: number): Promise<RefusedKeys> {
  const rows = await executor.selectFrom("erased_identities").select("key").distinct()
    .where("account_id", "=", account).where("table_id", "=", table).execute();
  return { keys: new Set(rows.map(({ key }) => BigInt(`0x${key}`))), found: 0 };
}

/** The pieces without what is refused. */
function* without(pieces: Iterable<BigUint64Array>, refused: RefusedKeys): Generator<BigUint64Array> {
  for (const piece of pieces) {
    const kept = refused.keys.size === 0 ? piece : piece.filter((key) => !refused.keys.has(key));
    refused.found += piece.length - kept.length;
    if (kept.length > 0) yield kept;
  }
}

/** A list, and the field that its new members are values of: that of those which are there, unless told. */
function listOf(row: AudienceRow, given: string | undefined, add: boolean): { row: AudienceRow; field: string } {
  if (row.kind !== "list") {
    throw new Failure("config", `Audience "${row.slug}" is no list: its filter says who its members are`, {
      hint: "Make one with `waybill audience create --list`, and INCLUDE it where it is needed",
    });
  }
  const field = given ?? row.field;
  if (field === null) {
    throw new Failure("config", `The members of audience "${row.slug}" are values of a field that is not named`, {
      hint: "Name it: `field`",
    });
  }
  if (add && row.field !== null && row.field !== field) {
    throw new Failure("config", `The members of audience "${row.slug}" are values of "${row.field}"`, {
      hint: "Add values of that field, or replace all members",
    });
  }
  return { row, field };
}

async function readKeys(content: AsyncIterable<Uint8Array>, hasher: IdentityHasher, rules: IdentityRules) {
  const keys = new MemberKeys();
  let lines = 0, rejected = 0;
  for await (const line of linesOf(content)) {
    const value = line.trim();
    if (value === "") continue;
    lines++;
    const normalised = value.length > LONGEST_LINE ? undefined : rules.normalise(hasher.field, value);
    if (normalised === undefined) rejected++;
    else {
      keys.add(identityKey(hasher, normalised, 0));
      checkCount(keys.count);
    }
  }
  return { keys, lines, rejected };
}

/** Lines of UTF-8, whatever ends them. A line is given whole, but for what is too long anyway. */
async function* linesOf(content: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let rest = "";
  const decode = (bytes?: Uint8Array) => {
    try {
      return bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true });
    } catch (error) {
      throw new Failure("data", "The list is not UTF-8", { hint: "Convert it, then import it again", cause: error });
    }
  };
  for await (const bytes of content) {
    const parts = (rest + decode(bytes)).split(/\r\n|\n|\r/);
    rest = parts.pop() ?? "";
    if (rest.length > 2 * LONGEST_LINE) rest = rest.slice(0, 2 * LONGEST_LINE);
    yield* parts;
    await turn();
  }
  yield rest + decode();
}
