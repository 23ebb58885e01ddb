/**
 * What rows of a profile import do, as the texts of a batch: an object of values where they merely assign some, as any
 * event that says what fields hold; else an object of changes.
 *
 * @module
 */
import { parseJson } from "../../contracts/json.ts";
import type { JsonValue } from "../../contracts/records.ts";
import { viewOf } from "../byte_stretches.ts";
import type { IndexedBatch } from "../indexed_batch.ts";
import { JsonBytes } from "../json_bytes.ts";
import type { NamedChange } from "../profile_state.ts";
import { decodeChange, encodeChange, type EncodedChange } from "./change.ts";
import type { ChangeRows } from "./change_rows.ts";
import { CUSTOMER_ID } from "./read_changes.ts";

const encoder = new TextEncoder();
const COMMA = 44, COLON = 58, OPEN = 123, CLOSE = 125;
const ID_KEY = viewOf(encoder.encode(`"${CUSTOMER_ID}":`));
/** What stands around the values of a row that assigns one. */
const AROUND = ID_KEY.byteLength + 8;

/** Writes the texts of a batch's rows behind those that are there. */
export class ChangeTexts {
  readonly #texts: JsonBytes;
  readonly #source: DataView;

  /** `rows` says which row is written. */
  constructor(
    batch: IndexedBatch,
    private readonly rows: ChangeRows,
    texts: Uint8Array<ArrayBuffer>,
    length: number,
  ) {
    this.#texts = new JsonBytes(texts, length);
    this.#source = viewOf(batch.bytes);
  }

  /** The memory written to, another one after it grew. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#texts.bytes;
  }

  /** Where the next text goes. */
  get length(): number {
    return this.#texts.length;
  }

  /** Writes a row that assigns one plain value. */
  assign(): void {
    const { rows } = this;
    const texts = this.#texts, source = this.#source;
    texts.reserve(AROUND + rows.idEnd - rows.idStart + rows.valueEnd - rows.nameStart);
    const idFirst = rows.name > CUSTOMER_ID;
    texts.put(OPEN);
    if (idFirst) this.#id();
    if (idFirst) texts.put(COMMA);
    // With its quotes.
    texts.putBytes(source, rows.nameStart - 1, rows.nameEnd + 1);
    texts.put(COLON);
    texts.putBytes(source, rows.valueStart, rows.valueEnd);
    if (!idFirst) texts.put(COMMA);
    if (!idFirst) this.#id();
    texts.put(CLOSE);
  }

  /** Writes any other row; gives 1 where it does more than assign values. */
  change(changes: readonly NamedChange[]): 0 | 1 {
    const all: NamedChange[] = [...changes, [CUSTOMER_ID, { kind: "assign", value: this.rows.id }]];
    all.sort(([a], [b]) => a < b ? -1 : 1);
    const assigns = all.every(([, change]) => change.kind === "assign" && change.value !== undefined);
    const texts = this.#texts;
    texts.reserve(1);
    texts.put(OPEN);
    for (const [index, [name, change]] of all.entries()) {
      texts.reserve(1);
      if (index > 0) texts.put(COMMA);
      texts.value(name);
      texts.reserve(1);
      texts.put(COLON);
      const encoded = encodeChange(change);
      texts.value(assigns ? encoded[1]! : encoded as unknown as JsonValue);
    }
    texts.reserve(1);
    texts.put(CLOSE);
    return assigns ? 0 : 1;
  }

  /** The changes of a text of changes. */
  static decode(text: string): NamedChange[] {
    const encoded: Record<string, EncodedChange> = parseJson(text);
    return Object.entries(encoded).map(([name, change]) => [name, decodeChange(change)]);
  }

  /** A text of values as changes. */
  static assignments(text: string): NamedChange[] {
    const values: Record<string, JsonValue> = parseJson(text);
    return Object.entries(values).map(([name, value]) => [name, { kind: "assign", value }]);
  }

  #id(): void {
    this.#texts.putBytes(ID_KEY, 0, ID_KEY.byteLength);
    this.#texts.putBytes(this.#source, this.rows.idStart, this.rows.idEnd);
  }
}
