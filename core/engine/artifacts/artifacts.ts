/**
 * Artifacts: what `artifact list|show|revoke`, `run rejects --link` and their routes give.
 *
 * @module
 */
import { Failure } from "../../contracts/failure.ts";
import type { Executor } from "../../database/database.ts";
import { audit } from "../audit.ts";
import { may } from "../capabilities.ts";
import type { EngineContext } from "../context.ts";
import { isoTime } from "../iso_time.ts";
import { comesAfter, cursorAfter, readCursor } from "../page_cursor.ts";
import type { Runs } from "../runtime.ts";
import type { RunView } from "../views.ts";
import { ArtifactFiles } from "./artifact_files.ts";
import type { Links } from "./links.ts";
import { type ArtifactCore, type FinishedArtifact, makeArtifact } from "./make_artifact.ts";
import { linkBase } from "./public_url.ts";
import { findResult } from "./results.ts";
import { removeExpired } from "./sweep_artifacts.ts";
import type { Artifacts, ArtifactView, RejectsLinkInput } from "./views.ts";

/** Seconds that a link is good unless told, and the most: 24 hours and 7 days. */
export const LINK_SECONDS: { readonly default: number; readonly most: number } = { default: 86_400, most: 604_800 };

const MAX_PAGE = 1_000;
const ROWS_AT_ONCE = 500;

/** What the artifacts of an account need beside the context. */
export interface ArtifactsOptions {
  readonly core: ArtifactCore;
  readonly links: Links;
  readonly runs: Pick<Runs, "get" | "rejects" | "rejectedFile">;
  readonly clock: () => Promise<number>;
}

/** The artifacts of the context's account. */
export function artifactsOf(context: EngineContext, { core, links, runs, clock }: ArtifactsOptions): Artifacts {
  const { database, accountId: account, actor } = context;
  const finished = (executor: Executor) =>
    executor.selectFrom("artifacts").selectAll().$narrowType<FinishedArtifact>()
      .where("account_id", "=", account).where("size", "is not", null)
      .$if(!may(actor, "import.read"), (query) => query.where("kind", "=", "export"));

  async function find(executor: Executor, id: string): Promise<FinishedArtifact> {
    const rows = /^[0-9a-f]{4,32}$/.test(id)
      ? await finished(executor).where("id", ">=", id).where("id", "<=", id.padEnd(32, "f")).limit(2).execute()
      : [];
    if (rows[0] !== undefined && rows.length === 1) return rows[0];
    throw rows.length === 2
      ? new Failure("config", `Several artifacts have an id that starts with "${id}"`, { hint: "Give more of it" })
      : new Failure("config", `Artifact "${id}" does not exist`, {
        code: "not_found",
        hint: "See `waybill artifact list`",
      });
  }

  /** The newest file of the rejected rows of a run that has ended, if it is good until `until`. */
  async function earlier(
    run: RunView,
    format: NonNullable<RejectsLinkInput["format"]>,
    until: number,
  ): Promise<FinishedArtifact | undefined> {
    if (run.finished_at === null) return undefined;
    return await finished(database.kysely).where("kind", "=", "rejects").where("run_id", "=", run.id)
      .where("name", "=", fileOf(context, run, format).name).where("ended_at", "is", null)
      .where("created_at", ">=", Date.parse(run.finished_at)).where("expires_at", ">", until)
      .orderBy("created_at", "desc").limit(1).executeTakeFirst();
  }

  return {
    linkRejects: async (id, { format = "jsonl", expires_in = LINK_SECONDS.default, again, origin, signal } = {}) => {
      checkLifetime(expires_in);
      const base = await linkBase(core, origin);
      const run = await runs.get(id);
      const before = again === true ? await earlier(run, format, await clock() + expires_in * 500) : undefined;
      if (before !== undefined) {
        const url = base.url + await links.path(context.account.publicId, before);
        return { ...viewOf(before, before.created_at), url, notes: base.notes };
      }
      // Where only commands are used, nobody else does.
      await removeExpired(core, { account, clock });
      const input = {
        kind: "rejects",
        run: run.id,
        ...fileOf(context, run, format),
        lifetime: expires_in * 1_000,
      } as const;
      const content = format === "csv" ? runs.rejectedFile(run.id) : jsonLines(runs.rejects(run.id));
      const made = await makeArtifact(core, context, { ...input, signal }, content, clock);
      const url = base.url + await links.path(context.account.publicId, made);
      return { ...viewOf(made, made.created_at), url, notes: base.notes };
    },

    linkResult: async (id, { origin } = {}) => {
      const base = await linkBase(core, origin);
      const { id: run } = await runs.get(id);
      const now = await clock();
      const found = await database.write(async (transaction) => {
        const found = await findResult(transaction, context, run, now);
        await audit(transaction, context, { action: "link", kind: "artifact", id: found.id, label: found.name });
        return found;
      });
      const url = base.url + await links.path(context.account.publicId, found);
      return { ...viewOf(found, now), url, notes: base.notes };
    },

    openResult: async (id) => {
      const { id: run } = await runs.get(id);
      const now = await clock();
      const found = await findResult(database.kysely, context, run, now);
      const place = { account, id: found.id };
      const content = await new ArtifactFiles(core.home.artifactsDir).read(place, 0, found.size);
      if (content === undefined) {
        throw new Failure("config", `The file of run "${run}" does not lie in this data directory`, {
          code: "not_found",
          hint: `Fetch it by a link: \`waybill run result ${run}\``,
        });
      }
      const entry = { action: "download", kind: "artifact", id: found.id, label: found.name } as const;
      await database.write((transaction) => audit(transaction, context, entry));
      return { ...viewOf(found, now), content };
    },

    list: async ({ cursor, limit = 50 } = {}) => {
      const size = Math.min(Math.max(limit, 1), MAX_PAGE);
      const from = cursor === undefined ? undefined : readCursor("artifacts", cursor);
      const rows = await finished(database.kysely).$if(from !== undefined, (query) => query.where(comesAfter(from!)))
        .orderBy("created_at", "desc").orderBy("id", "desc").limit(size + 1).execute();
      const now = await clock();
      const items = rows.slice(0, size).map((row) => viewOf(row, now));
      return { items, next: rows.length > size ? cursorAfter(rows[size - 1]!) : null };
    },

    get: async (id) => viewOf(await find(database.kysely, id), await clock()),

    revoke: async (id) => {
      const now = await clock();
      const revoked = await database.write(async (transaction) => {
        const row = await find(transaction, id);
        const { status } = viewOf(row, now);
        if (status !== "ready") {
          throw new Failure("config", `Artifact "${row.id}" opens nothing any more: it is ${status}`, {
            code: "conflict",
          });
        }
        const end = { ended_at: now, ended_because: "revoked" } as const;
        await transaction.updateTable("artifacts").set(end).where("account_id", "=", account)
          .where("id", "=", row.id).execute();
        await audit(transaction, context, { action: "revoke", kind: "artifact", id: row.id, label: row.name });
        return { ...row, ...end };
      });
      await new ArtifactFiles(core.home.artifactsDir).remove({ account, id: revoked.id });
      return viewOf(revoked, now);
    },
  };
}

function checkLifetime(seconds: number): void {
  if (Number.isSafeInteger(seconds) && seconds >= 1 && seconds <= LINK_SECONDS.most) return;
  throw new Failure("config", "A link is good for at least a second and at most 7 days", {
    hint: "Take a shorter time, and make another link when it is over",
  });
}

/** What the file is called, and of what type it is: as it stood, it is of the type that its job imports. */
function fileOf(
  { registry }: EngineContext,
  { id, type }: RunView,
  format: NonNullable<RejectsLinkInput["format"]>,
): { readonly name: string; readonly mediaType: string } {
  const imports = registry.jobs.find((job) => job.id === type)?.upload?.format;
  const name = `rejects-${id.slice(0, 8)}`;
  return format === "csv" && imports !== "json"
    ? { name: `${name}.csv`, mediaType: "text/csv" }
    : { name: `${name}.jsonl`, mediaType: "application/x-ndjson" };
}

/** Items as JSON lines, some of them at a time. */
async function* jsonLines(items: AsyncIterable<unknown>): AsyncGenerator<Uint8Array, void, undefined> {
  const encoder = new TextEncoder();
  const lines: string[] = [];
  const take = () => encoder.encode(lines.splice(0).join(""));
  for await (const item of items) {
    lines.push(`${JSON.stringify(item)}\n`);
    if (lines.length === ROWS_AT_ONCE) yield take();
  }
  if (lines.length > 0) yield take();
}

function viewOf(row: FinishedArtifact, now: number): ArtifactView {
  const { id, kind, run_id, name, media_type, size, sha256, created_at, expires_at, ended_at, fetches, fetched_at } =
    row;
  return {
    id,
    kind,
    status: row.ended_because ?? (expires_at <= now ? "expired" : "ready"),
    run_id,
    name,
    media_type,
    size,
    sha256,
    created_by: { kind: row.maker_kind, id: row.maker_id, name: row.maker_name },
    created_at: isoTime(created_at),
    expires_at: isoTime(expires_at),
    ended_at: ended_at === null ? null : isoTime(ended_at),
    fetches,
    fetched_at: fetched_at === null ? null : isoTime(fetched_at),
  };
}
