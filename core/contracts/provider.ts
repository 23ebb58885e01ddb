/**
 * A system or service that Waybill exchanges data with.
 *
 * @module
 */
import type { AuthDefinition } from "./auth.ts";

/** Groups auth methods; jobs name the provider they belong to. Made with {@linkcode defineProvider}. */
export interface ProviderDefinition {
  /** Kebab-case, unique. */
  readonly id: string;
  /** Name for people. */
  readonly title: string;
  /** One sentence. */
  readonly summary: string;
  /** Ways to authorise. */
  readonly auths: readonly AuthDefinition[];
}

/** Defines a provider. */
export function defineProvider(provider: ProviderDefinition): ProviderDefinition {
  return provider;
}
