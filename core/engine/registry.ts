/**
 * What the loaded plugins bring, by id.
 *
 * @module
 */
import type { AuthDefinition } from "../contracts/auth.ts";
import { Failure } from "../contracts/failure.ts";
import type { JobDefinition } from "../contracts/job.ts";
import { PLUGIN_API, type PluginDefinition } from "../contracts/plugin.ts";
import type { ProviderDefinition } from "../contracts/provider.ts";

/** What the loaded plugins bring. Look-ups of unknown ids are a Failure `config` that names the near ones. */
export interface Registry {
  readonly plugins: readonly PluginDefinition[];
  readonly providers: readonly ProviderDefinition[];
  readonly jobs: readonly JobDefinition[];
  provider(id: string): ProviderDefinition;
  auth(id: string): { readonly provider: ProviderDefinition; readonly auth: AuthDefinition };
  job(id: string): JobDefinition;
}
