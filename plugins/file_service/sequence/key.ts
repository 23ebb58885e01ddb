/**
 * The order of a sequence: by the timestamp in the name, then by the name.
 *
 * @module
 */

/** Where a file stands in its sequence. */
export interface FileKey {
  readonly name: string;
  /** In its name, in milliseconds since the Unix epoch. */
  readonly timestamp: number;
}

/** Orders files: negative where `a` comes first. */
export function compareKeys(a: FileKey, b: FileKey): number {
  return a.timestamp - b.timestamp || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
}
