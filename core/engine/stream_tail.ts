/**
 * The last events of a stream, as its mappings would read them.
 *
 * @module
 */
import { parseJson } from "../contracts/json.ts";
import type { JsonValue } from "../contracts/records.ts";
import type { Executor } from "../database/database.ts";
import type { Archive } from "../profiles/archive.ts";
import { type LastEvents, lastEvents } from "../profiles/archive_tail.ts";

/** The last events of a stream, at most `wanted`, in the order in which they came. */
export async function lastOfStream(
  executor: Executor,
  archive: Archive,
  account: number,
  stream: number,
  wanted: number,
): Promise<LastEvents[]> {
  const files = await executor.selectFrom("segments").select(["path", "length"]).where("account_id", "=", account)
    .where("kind", "=", "stream").where("owner", "=", String(stream)).orderBy("id", "desc").execute();
  return lastEvents(archive, files, wanted);
}

/** An event as the archive holds it. */
interface ArchivedLine {
  readonly data: { readonly [field: string]: JsonValue };
}

/** What the events hold, an object each. */
export function* dataOf(events: readonly LastEvents[]): Generator<ArchivedLine["data"]> {
  for (const { lines } of events) {
    for (const line of new TextDecoder().decode(lines).split("\n")) {
      if (line !== "") yield parseJson<ArchivedLine>(line).data;
    }
  }
}
