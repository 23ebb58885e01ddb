/**
 * What audiences work in.
 *
 * @module
 */
import type { ProfileStatements } from "../profiles/statements.ts";
import type { AudienceCache } from "./audience_cache.ts";
import type { AudienceCounts } from "./audience_counts.ts";
import type { EngineContext } from "./context.ts";
import type { Registry } from "./registry.ts";

/** What audiences need beside the context. */
export interface AudienceParts {
  readonly statements: ProfileStatements;
  /** 16 bytes: the key of identity hashes. */
  readonly identityKey: Uint8Array;
  readonly audienceCache: AudienceCache;
  readonly audienceCounts: Pick<AudienceCounts, "count">;
}

/** Who looks at audiences, and of what account. */
export type AudienceViewer = Pick<EngineContext, "database" | "accountId" | "account" | "actor">;

/** What looking at audiences needs beside that. */
export type AudienceViewParts = Pick<AudienceParts, "statements" | "audienceCache" | "audienceCounts">;

/** The context that audiences work in. */
export interface AudienceContext extends AudienceViewer, Pick<EngineContext, "revision"> {
  readonly registry: Pick<Registry, "jobs">;
}
