/**
 * Makes an artifact: a row, and a file that is whole and on the disk before anybody hears of it.
 *
 * @module
 */
import { Failure, throwIfAborted } from "../../contracts/failure.ts";
import type { ArtifactsTable } from "../../database/tables.ts";
import { audit } from "../audit.ts";
import type { EngineContext } from "../context.ts";
import type { Core } from "../core.ts";
import { newId } from "../ids.ts";
import { isoTime } from "../iso_time.ts";
import { ArtifactFiles, type ArtifactPlace, cutOff } from "./artifact_files.ts";

/** The parts that artifacts are made and kept with. */
export type ArtifactCore = Pick<Core, "home" | "database" | "vault">;

/** An artifact that is finished: it has a size and a hash. */
export type FinishedArtifact = ArtifactsTable & { readonly size: number; readonly sha256: string };

/** What an artifact is to be. */
export interface ArtifactInput {
  readonly kind: ArtifactsTable["kind"];
  readonly run: string | null;
  /** What whoever fetches it gets it as; without a slash. */
  readonly name: string;
  readonly mediaType: string;
  /** Milliseconds until no link opens it. */
  readonly lifetime: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Writes `content` to a file of the context's account and writes down who made it. `content` is first asked for anything
 * when the artifact's row is there: an erasure that begins later finds it, and cuts it off.
 *
 * Whatever goes wrong leaves nothing behind. Failure `transient` for a full disk and where an erasure came between.
 */
export async function makeArtifact(
  { home, database }: ArtifactCore,
  context: Pick<EngineContext, "database" | "accountId" | "actor">,
  { signal, ...input }: ArtifactInput,
  content: AsyncIterable<Uint8Array>,
  clock: () => Promise<number> = () => database.now(),
): Promise<FinishedArtifact> {
  const files = new ArtifactFiles(home.artifactsDir);
  const place = { account: context.accountId, id: newId() };
  let publishing = false;
  try {
    using file = await files.create(place);
    const row = newRow(context, place, input, await clock());
    await database.kysely.insertInto("artifacts").values(row).execute();
    const written = await file.write(untilAborted(content, signal));
    publishing = true;
    return await database.write(async (transaction) => {
      const { numUpdatedRows } = await transaction.updateTable("artifacts").set(written)
        .where("account_id", "=", place.account).where("id", "=", place.id).where("ended_at", "is", null)
        .executeTakeFirst();
      if (numUpdatedRows === 0n) throw cutOff();
      const detail = { content: row.kind, run: row.run_id, size: written.size, expires: isoTime(row.expires_at) };
      await audit(transaction, context, { action: "create", kind: "artifact", id: row.id, label: row.name, detail });
      return { ...row, ...written };
    });
  } catch (error) {
    await abandon({ home, database }, place, publishing).catch(() => {
      // Swept later.
    });
    throw error;
  }
}

/** Removes what there is of an artifact that was not made. One that was, though nobody was told so, stays. */
async function abandon(
  { home, database: { kysely } }: Pick<ArtifactCore, "home" | "database">,
  place: ArtifactPlace,
  publishing: boolean,
): Promise<void> {
  const files = new ArtifactFiles(home.artifactsDir);
  // Before anything else: it may be what fills the disk.
  if (!publishing) await files.remove(place);
  // A full disk may keep the row, which is swept then; whether the artifact was made can be read all the same.
  await kysely.deleteFrom("artifacts").where("account_id", "=", place.account).where("id", "=", place.id)
    .where("size", "is", null).execute().catch(() => {});
  const made = await kysely.selectFrom("artifacts").select("id").where("account_id", "=", place.account)
    .where("id", "=", place.id).where("size", "is not", null).where("ended_at", "is", null).executeTakeFirst();
  if (made === undefined) await files.remove(place);
}

function newRow(
  { actor }: Pick<EngineContext, "actor">,
  { account, id }: ArtifactPlace,
  { kind, run, name, mediaType, lifetime }: Omit<ArtifactInput, "signal">,
  now: number,
): ArtifactsTable {
  if (/[\\/\p{Cc}]/u.test(name)) throw new Failure("config", `A file cannot be called "${name.slice(0, 100)}"`);
  return {
    account_id: account,
    id,
    kind,
    run_id: run,
    name,
    media_type: mediaType,
    size: null,
    sha256: null,
    created_at: now,
    // Links tell whole seconds; none is good for less than was promised.
    expires_at: Math.ceil((now + lifetime) / 1_000) * 1_000,
    ended_at: null,
    ended_because: null,
    fetches: 0,
    fetched_at: null,
    maker_kind: actor.kind,
    maker_id: actor.id,
    maker_name: actor.name,
  };
}

async function* untilAborted(
  content: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of content) {
    throwIfAborted(signal);
    yield chunk;
  }
}
