/**
 * The members of a list audience, imported: one identity a line.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";
import { MemberKeys, readMembers, removeMembers, writeMembers } from "../profiles/audience_members.ts";
import { IdentityHasher, identityKey } from "../profiles/identity.ts";
import { rulesOf } from "../profiles/mapping.ts";
import { type Erased, erasedValues } from "../profiles/refusals.ts";
import { requireVisible } from "./account_settings.ts";
import { moveHead, readAudiences } from "./audience_cache.ts";
import type { AudienceContext, AudienceParts } from "./audience_context.ts";
import type { AudienceRow } from "./audience_programs.ts";
import { audit } from "./audit.ts";
import { currentGeneration } from "./generations.ts";
import { checkCount } from "./list_members.ts";
import { erasedFor, NO_STREAM } from "./refused.ts";
import type { MembersInput } from "./runtime.ts";
import { turn } from "./turns.ts";
import type { ImportedMembersView } from "./views.ts";

/** Most characters of a line. */
const LONGEST_LINE = 1_000;

/**
 * Imports members in the place of those that are there, or beside them. Nothing changes unless every line was read. Who
 * is being erased, from whichever table that identifies by the field, or is to stay away after that, becomes no member.
 *
 * Failures: `config` for an audience that is no list, a field that identifies nobody, a list that is too long
 * (`too_large`), and one during whose reading an erasure was requested (`conflict`); `data` for what is no UTF-8;
 * `forbidden` for a PII field.
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
  const erased = await erasedFor(database.kysely, accountId, NO_STREAM, key);
  const isErased = erasedValues(erased, field);
  const { keys, lines, rejected } = await readKeys(content, hasher, (value) => {
    const name = rules.identity.normalise(field, value);
    return name === undefined || isErased(value) ? undefined : name;
  });
  return await database.write(async (transaction) => {
    checkErased(erased, await erasedFor(transaction, accountId, NO_STREAM, key));
    const { row } = listOf((await readAudiences(transaction, accountId)).require(String(found.id)), field, add);
    const { id, slug } = row;
    const list = { account: accountId, audience: id, version: row.version };
    if (add) {
      for await (const block of readMembers(transaction, list)) for (const member of block) keys.add(member);
      checkCount(keys.count);
    }
    const next = { ...list, version: row.version + 1 };
    const members = await writeMembers(transaction, next, keys.sorted(), turn);
    await removeMembers(transaction, next);
    await transaction.updateTable("audiences")
      .set({ field, members, version: next.version, updated_at: await database.now() })
      .where("account_id", "=", accountId).where("id", "=", id).execute();
    await moveHead(transaction, accountId);
    const detail = { field, members, mode: add ? "add" : "replace" };
    await audit(transaction, context, { action: "import", kind: "audience", id: String(id), label: slug, detail });
    return { id, slug, lines, rejected, members };
  });
}

/** Refuses (`conflict`) what was read before somebody was to be erased: one of its lines may name them. */
function checkErased(before: readonly Erased[], now: readonly Erased[]): void {
  const known = new Set(before.flatMap(({ keys }) => [...keys]));
  if (now.every(({ keys }) => keys.isSubsetOf(known))) return;
  throw new Failure("config", "An erasure was requested while the members were read", {
    code: "conflict",
    hint: "Import them again: whoever is to be erased is left out",
  });
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

/** The keys of the lines; `nameOf` gives a value as it is known, or nothing for one that becomes no member. */
async function readKeys(
  content: AsyncIterable<Uint8Array>,
  hasher: IdentityHasher,
  nameOf: (value: string) => string | undefined,
) {
  const keys = new MemberKeys();
  let lines = 0, rejected = 0;
  for await (const line of linesOf(content)) {
    const value = line.trim();
    if (value === "") continue;
    lines++;
    const name = value.length > LONGEST_LINE ? undefined : nameOf(value);
    if (name === undefined) rejected++;
    else {
      keys.add(identityKey(hasher, name, 0));
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
