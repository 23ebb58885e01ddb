/**
 * The fields that the records of a batch have, in the order in which they first came up.
 *
 * @module
 */

/** A field that is not kept. */
export const LEFT_OUT = -1;

const encoder = new TextEncoder();
// A name may begin with what is a byte order mark elsewhere.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Fields by number, from 0. Each that is kept has a column, too. */
export class JsonColumns {
  /** Of the columns. */
  names: string[] = [];
  /** Of each field, its name as JSON, quotes included. */
  keys: Uint8Array[] = [];
  /** Of each field, its column; {@linkcode LEFT_OUT} for one that is not kept. */
  columns: number[] = [];
  /** Of each column, its field. */
  fields: number[] = [];
  #known = new Map<string, number>();
  readonly #kept: ReadonlySet<string> | undefined;

  /** `kept` names the fields that become columns; all of them do without it. */
  constructor(kept: readonly string[] = []) {
    this.#kept = kept.length === 0 ? undefined : new Set(kept);
  }

  /** How many fields there are. */
  get count(): number {
    return this.keys.length;
  }

  /** The field whose name, which has no escapes, lies here between its quotes. */
  at(bytes: Uint8Array, start: number, end: number): number {
    return this.named(decoder.decode(bytes.subarray(start, end)));
  }

  /** The field of this name. */
  named(name: string): number {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const field = this.keys.push(encoder.encode(JSON.stringify(name))) - 1;
    this.#known.set(name, field);
    if (this.#kept?.has(name) ?? true) {
      this.columns.push(this.names.push(name) - 1);
      this.fields.push(field);
    } else this.columns.push(LEFT_OUT);
    return field;
  }

  /** Forgets the fields from `count` on. */
  forget(count: number): void {
    const { keys, columns, fields, names } = this;
    for (let field = count; field < keys.length; field++) {
      this.#known.delete(JSON.parse(decoder.decode(keys[field])));
      if (columns[field] !== LEFT_OUT) {
        names.pop();
        fields.pop();
      }
    }
    keys.length = columns.length = count;
  }

  /** Forgets them all; what was handed out stays as it is. */
  clear(): void {
    this.names = [];
    this.keys = [];
    this.columns = [];
    this.fields = [];
    this.#known = new Map();
  }
}
