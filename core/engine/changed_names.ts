/**
 * What a change was about, for the audit log.
 *
 * @module
 */

/** The names of what a change holds, without any value: `{ label, config: { port } }` → `label`, `config.port`. */
export function changedNames(change: { readonly config?: object; readonly oauth?: unknown }): string[] {
  const { config = {}, oauth: _, ...others } = change;
  return [...Object.keys(others), ...Object.keys(config).map((key) => `config.${key}`)];
}
