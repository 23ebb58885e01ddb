/**
 * What is kept in clear of a row, so that it can be named once it is gone: some of its fields, as a JSON object.
 *
 * @module
 */
import type { JsonValue } from "../../contracts/records.ts";
import { parseJson } from "../../contracts/json.ts";
import type { RecordBatch } from "../../contracts/records.ts";
import { wordAt } from "./words.ts";

/** No fields: nothing is kept, or it was forgotten. */
export const NO_TEXT: Uint8Array = new Uint8Array(0);

const encoder = new TextEncoder(), decoder = new TextDecoder();
const QUOTE = 0x22, N = 0x6e, OPEN = 0x7b, COMMA = 0x2c, CLOSE = 0x7d;

/** Takes the fields out of rows. */
export class RowTexts {
  /** The columns of the batch before, and where the fields stand among them. */
  #names: readonly string[] | undefined;
  #chosen: readonly { readonly column: number; readonly key: Uint8Array; readonly isKey: boolean }[] = [];

  /** `fields` are kept of rows that have a value in one of `keys`. */
  constructor(private readonly fields: readonly string[], private readonly keys: readonly string[]) {}

  /** Those of a row's fields that have a value; none of a row without a key. */
  of(batch: RecordBatch, row: number): Uint8Array {
    return batch.columns === undefined ? this.#parsed(batch, row) : this.#copied(batch.bytes, batch.columns, row);
  }

  #copied(bytes: Uint8Array, { names, spans }: NonNullable<RecordBatch["columns"]>, row: number): Uint8Array {
    if (names !== this.#names) this.#choose(names);
    let length = 1, hasKey = false;
    const first = 2 * row * names.length;
    for (const { column, key, isKey } of this.#chosen) {
      const start = spans[first + 2 * column]!, end = spans[first + 2 * column + 1]!;
      if (isEmpty(bytes, start, end)) continue;
      hasKey ||= isKey;
      length += key.length + end - start + 1;
    }
    if (!hasKey) return NO_TEXT;
    const text = new Uint8Array(length);
    let put = 0;
    for (const { column, key } of this.#chosen) {
      const start = spans[first + 2 * column]!, end = spans[first + 2 * column + 1]!;
      if (isEmpty(bytes, start, end)) continue;
      text[put++] = put === 1 ? OPEN : COMMA;
      text.set(key, put);
      text.set(bytes.subarray(start, end), put + key.length);
      put += key.length + end - start;
    }
    text[put] = CLOSE;
    return text;
  }

  #choose(names: readonly string[]): void {
    this.#names = names;
    this.#chosen = this.fields.flatMap((name) => {
      const column = names.indexOf(name);
      const key = encoder.encode(`${JSON.stringify(name)}:`);
      return column < 0 ? [] : [{ column, key, isKey: this.keys.includes(name) }];
    });
  }

  #parsed({ bytes, rows }: RecordBatch, row: number): Uint8Array {
    const fields = parseJson<{ readonly [name: string]: JsonValue }>(
      decoder.decode(bytes.subarray(rows[row], rows[row + 1])),
    );
    const isFilled = (name: string) => Object.hasOwn(fields, name) && fields[name] !== null && fields[name] !== "";
    if (!this.keys.some(isFilled)) return NO_TEXT;
    const kept = this.fields.filter(isFilled).map((name) => [name, fields[name]]);
    return encoder.encode(JSON.stringify(Object.fromEntries(kept)));
  }
}

/** Whether a value is none, `""` or `null`. */
export function isEmpty(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start > 2 && (end - start !== 4 || bytes[start] !== N)) return false;
  return end === start || bytes[start] === QUOTE || bytes[start] === N;
}

/** Texts as they lie in a snapshot: each a length of four bytes, then itself. */
export function* textsIn(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length;) {
    const end = at + 4 + wordAt(bytes, at);
    yield bytes.subarray(at + 4, end);
    at = end;
  }
}
