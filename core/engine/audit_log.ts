/**
 * The audit log, read and checked.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";
import type { AuditEntriesTable } from "../database/tables.ts";
import { entryHash } from "./audit.ts";
import type { EngineContext } from "./context.ts";
import { isoTime } from "./iso_time.ts";
import type { AuditLog, AuditVerdict } from "./runtime.ts";
import type { AuditView } from "./views.ts";

const MAX_PAGE = 1_000;

/** Problems that are told one by one; where the chain was written anew from one entry on, each after it is one. */
const TOLD = 20;

/** The audit log of the context's account. */
export function auditLogOf({ database: { kysely }, accountId, account }: EngineContext): AuditLog {
  const entries = () => kysely.selectFrom("audit_entries").selectAll().where("account_id", "=", accountId);

  async function head(): Promise<{ entries: number; hash: string } | undefined> {
    return await kysely.selectFrom("audit_heads").select(["entries", "hash"]).where("account_id", "=", accountId)
      .executeTakeFirst();
  }

  return {
    list: async ({ cursor, limit = 50 } = {}) => {
      const size = Math.min(Math.max(limit, 1), MAX_PAGE);
      let query = entries().orderBy("sequence", "desc").limit(size + 1);
      if (cursor !== undefined) {
        if (!/^\d{1,15}$/.test(cursor)) {
          throw new Failure("config", `Cursor "${cursor.slice(0, 64)}" is not one that the audit log gave`);
        }
        query = query.where("sequence", "<", Number(cursor));
      }
      const rows = await query.execute();
      const last = rows.length > size ? rows[size - 1] : undefined;
      return { items: rows.slice(0, size).map(viewOf), next: last === undefined ? null : String(last.sequence) };
    },

    verify: async () => {
      // The head moves with each entry: read later, it knows of all that are seen here.
      const newest = await entries().orderBy("sequence", "desc").limit(1).executeTakeFirst();
      const end = await head();
      const problems: string[] = [];
      if (end === undefined) problems.push("The head of the log, which counts its entries, is missing");
      const count = end?.entries ?? newest?.sequence ?? 0;
      let [sequence, hash]: [number, string | undefined] = [0, ""];
      while (sequence < count) {
        const rows = await entries().where("sequence", ">", sequence).where("sequence", "<=", count)
          .orderBy("sequence").limit(MAX_PAGE).execute();
        for (const row of rows) {
          if (row.sequence !== sequence + 1) {
            problems.push(missing(sequence + 1, row.sequence - 1));
            // What it should follow is gone.
            hash = undefined;
          }
          if (hash !== undefined && entryHash(hash, account.publicId, row) !== row.hash) {
            problems.push(`${inWords(row)} is not what was written, or what stood before it is not`);
          }
          [sequence, hash] = [row.sequence, row.hash];
        }
        if (rows.length < MAX_PAGE) break;
      }
      if (sequence < count) problems.push(`${missing(sequence + 1, count)}: the log was cut off`);
      else if (end !== undefined && hash !== undefined && hash !== end.hash) {
        problems.push(`The last entry, ${sequence}, is not the one that the head of the log names`);
      }
      if (newest !== undefined && newest.sequence > count) {
        problems.push(`${inWords(newest)} is beyond the ${count} entries that the head of the log counts`);
      }
      return verdict(count, end?.hash ?? "", problems);
    },
  };
}

function verdict(entries: number, head: string, problems: readonly string[]): AuditVerdict {
  const more = problems.length - TOLD;
  const told = more > 0 ? [...problems.slice(0, TOLD), `… and ${more} more`] : problems;
  return { ok: problems.length === 0, entries, head, problems: told };
}

function missing(first: number, last: number): string {
  return first === last ? `Entry ${first} is missing` : `Entries ${first} to ${last} are missing`;
}

function inWords({ sequence, action, kind, label, at }: AuditEntriesTable): string {
  return `Entry ${sequence} (${action} ${kind} "${label}", ${timeInWords(at)})`;
}

function timeInWords(at: number): string {
  try {
    return isoTime(at);
  } catch {
    // Tampered with.
    return "at no time";
  }
}

function viewOf(row: AuditEntriesTable): AuditView {
  const { sequence, actor_kind, actor_id, actor_name, action, kind, object_id, label, detail, hash } = row;
  return {
    sequence,
    at: isoTime(row.at),
    actor: { kind: actor_kind, id: actor_id, name: actor_name },
    action,
    kind,
    id: object_id,
    label,
    detail: JSON.parse(detail),
    hash,
  };
}
