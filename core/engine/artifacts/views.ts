/**
 * What the outside sees of artifacts.
 *
 * @module
 */
import type { Actor } from "../actor.ts";
import type { Page } from "../views.ts";

/** A file that Waybill keeps for whoever has a link to it. */
export interface ArtifactView {
  readonly id: string;
  /** What is in it: `rejects`, the rejected rows of a run; `export`, what a run exported. */
  readonly kind: "rejects" | "export";
  /**
   * `ready` can be fetched; `erased` was removed by an erasure, since it may have held the erased; in place of one that was
   * `replaced` its run made another.
   */
  readonly status: "ready" | "expired" | "revoked" | "erased" | "replaced";
  /** The run that it is of. */
  readonly run_id: string | null;
  /** What whoever fetches it gets it as. */
  readonly name: string;
  readonly media_type: string;
  /** Bytes. */
  readonly size: number;
  /** SHA-256 of its bytes, hex. */
  readonly sha256: string;
  readonly created_by: { readonly kind: Actor["kind"]; readonly id: string | null; readonly name: string };
  readonly created_at: string;
  /** From when on no link opens it. */
  readonly expires_at: string;
  /** When its file was removed. */
  readonly ended_at: string | null;
  /** Downloads that were begun. */
  readonly fetches: number;
  readonly fetched_at: string | null;
}

/** An artifact with its link, which is told this once. */
export interface ArtifactLinkView extends ArtifactView {
  readonly url: string;
  /** What to know before the link is passed on. */
  readonly notes: readonly string[];
}

/** What a link to rejected rows is to be. */
export interface RejectsLinkInput {
  /** `jsonl`: a JSON object a row, with line and reason; `csv`: the rows as they stood, to mend and import again. */
  readonly format?: "jsonl" | "csv";
  /** Seconds until it opens nothing any more: 1 to 604,800 (7 days); 86,400 (24 hours) unless told. */
  readonly expires_in?: number;
  /** Whether an earlier file will do: one that was made since the run ended, and is good for half of that time yet. */
  readonly again?: boolean;
  /** Where the caller reached the server: the link begins with it where `WAYBILL_PUBLIC_URL` says nothing else. */
  readonly origin?: string;
  readonly signal?: AbortSignal;
}

/** What a run exported, to be read. */
export interface ResultFile extends ArtifactView {
  readonly content: ReadableStream<Uint8Array>;
}

/** Files that Waybill keeps for whoever has a link to them. `artifact` is an id, or the beginning of one. */
export interface Artifacts {
  /** Writes the rejected rows of a run to a file, as they are now, and gives a link to it. */
  linkRejects(run: string, input?: RejectsLinkInput): Promise<ArtifactLinkView>;
  /**
   * A link to the file that a run exported; `not_found` where there is none any more, `forbidden` for whoever may not see
   * personal fields that may be in it.
   */
  linkResult(run: string, input?: { readonly origin?: string }): Promise<ArtifactLinkView>;
  /** The same file's bytes. */
  openResult(run: string): Promise<ResultFile>;
  /** Newest first; those that have ended are listed for 30 days more. */
  list(options?: { readonly cursor?: string; readonly limit?: number }): Promise<Page<ArtifactView>>;
  get(artifact: string): Promise<ArtifactView>;
  /** Its links open nothing from now on, and its file is removed. `conflict` where it has ended already. */
  revoke(artifact: string): Promise<ArtifactView>;
}
