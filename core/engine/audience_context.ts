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

/** The context that audiences work in. */
export interface AudienceContext
  extends Pick<EngineContext, "database" | "accountId" | "account" | "actor" | "revision"> {
  readonly registry: Pick<Registry, "jobs">;
}
