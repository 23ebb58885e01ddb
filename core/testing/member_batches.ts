/**
 * Members for an export to read, made of plain objects.
 *
 * @module
 */
import type { ExportAudience, ExportSource, ProfileRows } from "../contracts/export_job.ts";
import { Failure } from "../contracts/failure.ts";
import { parseJson } from "../contracts/json.ts";
import type { MemberBatch, MemberColumn } from "../contracts/members.ts";
import type { Row } from "../contracts/records.ts";

/** What an export reads. */
export interface TestMembers {
  /**
   * The fields of each, as `JSON.stringify` writes them. The first has the id 10, the second 20, and so on: ids have gaps,
   * for profiles are merged.
   */
  readonly members: readonly Row["fields"][];
  /** Every field that there is, with what it holds; those of the members, sorted, with no kind, unless told. */
  readonly columns?: readonly MemberColumn[];
  /** The slugs of each one's audiences; the exported one and `all` unless told. They come where the source asks. */
  readonly memberships?: readonly (readonly string[])[];
  /** Members of a batch; 1, then 2, 4 and so on unless told, for those of the engine differ too. */
  readonly batch?: number;
}

const encoder = new TextEncoder(), decoder = new TextDecoder();

/** The audience that a source names. */
export function audienceOf({ audience }: ExportSource): ExportAudience {
  return audience === "all"
    ? { id: 0, slug: audience, name: "Every profile" }
    : { id: 1, slug: audience, name: `The audience ${audience}` };
}

/** The fields that a source asks for. Failure `config` (`not_found`) for one that there is not. */
export function columnsOf(
  { fields = [], identifier }: ExportSource,
  { members, columns }: TestMembers,
): readonly MemberColumn[] {
  if (identifier !== undefined) return [{ name: identifier, kind: null }];
  const names = new Set(members.flatMap((member) => Object.keys(member)));
  const all = columns ?? [...names].sort().map((name) => ({ name, kind: null }));
  if (fields.length === 0) return all.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return fields.map((field) => {
    const found = all.find(({ name }) => name === field);
    if (found === undefined) throw new Failure("config", `No profile has a field "${field}"`, { code: "not_found" });
    return found;
  });
}

/** How many members a source asks for. */
export function sizeOf({ limit = Infinity }: ExportSource, { members }: TestMembers): number {
  return Math.min(limit, members.length);
}

/** The members as rows, where a source asks for rows: all as they are, or each as one that has come. */
export function* profileRows(source: ExportSource, given: TestMembers): Generator<ProfileRows> {
  if (source.rows === undefined) return;
  for (const { ids, bytes, rows } of memberBatches(source, given)) {
    const lines = Array.from(ids, (id, index) => {
      const fields = parseJson<Row["fields"]>(decoder.decode(bytes.subarray(rows[index], rows[index + 1])));
      const named = { "_ll.profile_id": String(id) };
      return source.rows === "profiles"
        ? { ...named, ...fields }
        : { profile: { ...named, profiledb_id: 1 }, updates: fields };
    });
    yield { bytes: encoder.encode(lines.map((line) => `${JSON.stringify(line)}\n`).join("")), rows: lines.length };
  }
}

/** The members after an id, by ascending id. They have fields that are not among the columns, as those of the engine do. */
export function* memberBatches(source: ExportSource, given: TestMembers, after = 0): Generator<MemberBatch> {
  const { members, memberships, batch } = given;
  const everybody = [...new Set([source.audience, "all"])];
  const from = Math.max(0, Math.floor(after / 10));
  const end = Math.min(members.length, from + (source.limit ?? Infinity));
  for (let start = from, size = batch ?? 1; start < end; start += size, size = batch ?? 2 * size) {
    const indices = Array.from({ length: Math.min(size, end - start) }, (_, index) => start + index);
    const texts = indices.map((index) => encoder.encode(JSON.stringify(members[index])));
    const rows = new Uint32Array(texts.length + 1);
    texts.forEach((text, index) => rows[index + 1] = rows[index]! + text.length);
    const bytes = new Uint8Array(rows[texts.length]!);
    texts.forEach((text, index) => bytes.set(text, rows[index]));
    yield {
      ids: Float64Array.from(indices, (index) => 10 * (index + 1)),
      bytes,
      rows,
      ...(source.memberships === true && { memberships: indices.map((index) => memberships?.[index] ?? everybody) }),
      share: (start + indices.length) / end,
    };
  }
}
