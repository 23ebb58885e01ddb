/**
 * A batch of events as profiles see it: what each event writes, and which events share an identity.
 *
 * @module
 */
import { grown } from "../contracts/give_back.ts";
import { parseJson } from "../contracts/json.ts";
import type { JsonValue } from "../contracts/records.ts";
import type { MappingProgram } from "../lql/mod.ts";
import { asciiIn, COPY_SLACK, OTHER_BYTES, SOME_CAPITALS, stretchOf, viewOf } from "./byte_stretches.ts";
import type { CastRows } from "./cast_columns.ts";
import { ChangeRows } from "./changes/change_rows.ts";
import { ChangeTexts } from "./changes/change_texts.ts";
import { CUSTOMER_ID } from "./changes/read_changes.ts";
import { IdentitySlots } from "./identity_slots.ts";
import { type IndexedBatch, isEmptyValue } from "./indexed_batch.ts";
import type { KnownProfiles } from "./known_profiles.ts";
import type { MappedColumns } from "./mapped_columns.ts";
import { MappedRows } from "./mapped_rows.ts";
import type { OpenTarget } from "./mapping.ts";
import type { PackedProfileBatch } from "./packed_batch.ts";
import { writePlainRows } from "./plain_rows.ts";
import { type NamedChange, namesIn } from "./profile_state.ts";
import type { TableRules } from "./table_rules.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const QUOTE = 34, SPACE = 32;

/** Which events a batch holds, and what their stream's mapping makes of them. */
export class ProfileBatch {
  /** Events added. */
  count = 0;
  /** Whether any event may name more than one value of one identity field: that takes a list. */
  namesSeveral = false;
  /** Event times. */
  times = new Float64Array(1024);
  /** Distinct identities of the batch. */
  readonly slots: IdentitySlots;
  /** For each slot, the first event that has it. */
  get owners(): ArrayLike<number> {
    return this.#owners;
  }
  #owners = new Int32Array(512);
  #parents = new Int32Array(1024);
  #identified = new Uint8Array(1024);
  /** 1 for events that do more than say what fields hold; their texts are changes. */
  #changing = new Uint8Array(1024);
  #texts: Uint8Array<ArrayBuffer> = new Uint8Array(16_384);
  #ends = new Float64Array(1025);
  /** Events whose identities are noted. */
  #named = 0;
  /** By event and identity field, where its value begins and ends in the texts, of those that are not. */
  #places = new Float64Array(0);
  /** Of the mapping, with what is remembered of their values. */
  #columns: MappedColumns | undefined;
  /** Over the texts, once they are compared. */
  #view: DataView | undefined;
  /** What holds for the profiles that the events go to. */
  readonly rules: TableRules;
  /** Events that the mapping leaves out. */
  #excluded = 0;

  /** A batch for a generation of a profile table. */
  constructor(private readonly target: OpenTarget, slots: IdentitySlots = new IdentitySlots(target.hashers)) {
    this.rules = target.rules;
    this.slots = slots;
  }

  /** A batch that was packed; no events can be added to it. */
  static unpack(packed: PackedProfileBatch, target: OpenTarget): ProfileBatch {
    const batch = new ProfileBatch(target, IdentitySlots.unpack(packed.slots, target.hashers));
    batch.#take(packed);
    batch.count = packed.count;
    batch.#named = packed.named;
    batch.namesSeveral = packed.namesSeveral;
    return batch;
  }

  /** An empty batch in the memory of one that is done with. */
  static recycle(packed: PackedProfileBatch, target: OpenTarget): ProfileBatch {
    const batch = new ProfileBatch(target, IdentitySlots.recycle(packed.slots, target.hashers));
    batch.#take(packed);
    batch.#identified.fill(0);
    batch.#changing.fill(0);
    return batch;
  }

  #take({ times, parents, identified, changing, texts, ends, owners, places }: PackedProfileBatch): void {
    this.times = times;
    this.#parents = parents;
    this.#identified = identified;
    this.#changing = changing;
    this.#texts = texts;
    this.#ends = ends;
    this.#owners = owners;
    this.#places = places;
  }

  /** An empty batch for the same generation. */
  another(): ProfileBatch {
    return new ProfileBatch(this.target);
  }

  /** What another thread needs of it. */
  pack(): PackedProfileBatch {
    return {
      count: this.count,
      times: this.times,
      parents: this.#parents,
      identified: this.#identified,
      changing: this.#changing,
      texts: this.#texts,
      ends: this.#ends,
      owners: this.#owners,
      named: this.#named,
      places: this.#places,
      namesSeveral: this.namesSeveral,
      slots: this.slots.pack(),
    };
  }

  /**
   * Adds a batch's events; those without a time of their own get `startedAt`. With `later`, whom the rows of a mapping
   * name is left to {@linkcode name}, perhaps on the thread that the batch is packed for.
   */
  add(batch: IndexedBatch, startedAt: number, { later = false } = {}): void {
    const { bytes, times, columns: { names, spans } } = batch, width = names.length;
    this.#reserve(times.length, bytes.length);
    const first = this.count;
    for (let row = 0; row < times.length; row++) {
      const time = times[row]!;
      this.times[first + row] = Number.isNaN(time) ? startedAt : time;
      this.#parents[first + row] = first + row;
    }
    this.count = first + times.length;
    if (this.target.program !== undefined) return this.#addMapped(first, batch, this.target.program, later);
    this.#named = this.count;
    if (this.target.ofChanges) return this.#addChanges(first, batch);
    const cast = this.target.casts?.over(batch);
    if (cast !== undefined) this.#writeCast(first, cast);
    else writePlainRows(batch, this.#texts, this.#ends, first);
    this.rules.identifyBy.forEach((field, index) => {
      const column = names.indexOf(field);
      if (column < 0 || cast?.casts(field)) return;
      const fold = this.rules.identity.foldsCase(field), mayBePlain = this.rules.identity.isPlain(field);
      const view = viewOf(bytes);
      for (let row = 0, at = 2 * column; row < times.length; row++, at += 2 * width) {
        const from = spans[at]!, to = spans[at + 1]!;
        if (isEmptyValue(bytes, from, to - from)) continue;
        this.#identify(first + row, index, fold, mayBePlain, view, from, to);
      }
    });
  }

  /** Notes whom those events name of which that was left to it. */
  name(): void {
    const { identity, identifyBy } = this.rules, width = 2 * identifyBy.length;
    if (this.#named === this.count) return;
    const first = this.#named, view = viewOf(this.#texts), places = this.#places;
    this.#named = this.count;
    // Field by field: that is faster than event by event.
    for (const [index, field] of identifyBy.entries()) {
      const fold = identity.foldsCase(field), mayBePlain = identity.isPlain(field);
      for (let event = first, at = first * width + 2 * index; event < this.count; event++, at += width) {
        const from = places[at]!, to = places[at + 1]!;
        if (from < to) this.#identify(event, index, fold, mayBePlain, view, from, to);
      }
    }
  }

  /** Whether the event does more than say what fields hold: what it does is `changes`, and not `attributes`. */
  isChanging(event: number): boolean {
    return this.#changing[event] === 1;
  }

  /** Whether any event does. */
  get hasChanging(): boolean {
    return this.#changing.subarray(0, this.count).includes(1);
  }

  /** What an event of a profile import does. */
  changes(event: number): NamedChange[] {
    const text = this.attributes(event);
    return this.isChanging(event) ? ChangeTexts.decode(text) : ChangeTexts.assignments(text);
  }

  /** What the event writes: a JSON object with sorted keys and no empty values. */
  attributes(event: number): string {
    return decoder.decode(this.attributeBytes(event));
  }

  /** How many bytes of UTF-8 that has. */
  attributeSize(event: number): number {
    return this.#ends[event + 1]! - this.#ends[event]!;
  }

  /** The same, as UTF-8. */
  attributeBytes(event: number): Uint8Array {
    return this.#texts.subarray(this.#ends[event], this.#ends[event + 1]);
  }

  /** Whether what the event writes is just what a profile says. */
  repeats(event: number, profiles: KnownProfiles, id: number): boolean {
    if (this.isChanging(event)) return false;
    const start = this.#ends[event]!;
    if (this.#view?.buffer !== this.#texts.buffer) this.#view = viewOf(this.#texts);
    return profiles.says(id, this.#view, start, this.#ends[event + 1]! - start);
  }

  /** Events that name nobody, of those that the mapping takes. */
  get unidentified(): number {
    let count = 0;
    for (let event = 0; event < this.count; event++) if (this.#identified[event] === 0) count++;
    return count - this.#excluded;
  }

  /** Whether the event names anybody. */
  identified(event: number): boolean {
    return this.#identified[event] === 1;
  }

  /** The first event of those that share an identity, transitively, with this one. */
  root(event: number): number {
    let root = event;
    while (this.#parents[root] !== root) root = this.#parents[root]!;
    while (this.#parents[event] !== root) {
      const next = this.#parents[event]!;
      this.#parents[event] = root;
      event = next;
    }
    return root;
  }

  /** Makes two events, and all that share an identity with either, one profile. */
  unite(a: number, b: number): void {
    const first = this.root(a), second = this.root(b);
    if (first < second) this.#parents[second] = first;
    else this.#parents[first] = second;
  }

  /** Plain printable ASCII is normalised in place or in a copy; anything else goes through strings. */
  #identify(
    event: number,
    field: number,
    fold: boolean,
    mayBePlain: boolean,
    bytes: DataView,
    from: number,
    to: number,
  ): void {
    const { identity, identifyBy } = this.rules;
    const start = from + 1, end = to - 1;
    // An empty text names nobody, as one of white space does.
    const mayBeInPlace = mayBePlain && start < end && bytes.getUint8(from) === QUOTE &&
      bytes.getUint8(start) > SPACE && bytes.getUint8(end - 1) > SPACE;
    const ascii = mayBeInPlace ? asciiIn(bytes, start, end) : OTHER_BYTES;
    if (ascii === OTHER_BYTES) {
      return this.#identifyValue(event, field, parseJson(decoder.decode(stretchOf(bytes, from, to))));
    }
    const second = start + 1 < end ? bytes.getUint8(start + 1) : NaN;
    if (identity.mayDeny(end - start, bytes.getUint8(start), second)) {
      if (identity.denies(identifyBy[field]!, decoder.decode(stretchOf(bytes, start, end)))) return;
    }
    if (!fold || ascii !== SOME_CAPITALS) return this.#addIdentity(event, field, bytes, start, end);
    const folded = stretchOf(bytes, start, end).slice();
    for (let at = 0; at < folded.length; at++) if (folded[at]! >= 65 && folded[at]! <= 90) folded[at]! += 32;
    this.#addIdentity(event, field, viewOf(folded), 0, folded.length);
  }

  #identifyValue(event: number, field: number, value: JsonValue): void {
    this.namesSeveral ||= Array.isArray(value);
    for (const text of this.rules.identity.valuesOf(this.rules.identifyBy[field]!, value)) {
      const bytes = viewOf(encoder.encode(text));
      this.#addIdentity(event, field, bytes, 0, bytes.byteLength);
    }
  }

  /** Notes that an event has an identity, which makes it one with those that have it too. */
  #addIdentity(event: number, field: number, bytes: DataView, start: number, end: number): void {
    const known = this.slots.count;
    const slot = this.slots.add(field, bytes, start, end);
    this.#identified[event] = 1;
    if (slot < known) return this.unite(event, this.#owners[slot]!);
    if (slot === this.#owners.length) this.#owners = grown(this.#owners, new Int32Array(2 * slot));
    this.#owners[slot] = event;
  }

  /** Writes what the mapping makes of each row, and where it says whom the row names. */
  #addMapped(first: number, batch: IndexedBatch, program: MappingProgram, later: boolean): void {
    const { identifyBy } = this.rules;
    const columns = identifyBy.map((field) => program.columns.findIndex(({ name }) => name === field));
    const rows = new MappedRows(program, batch, this.#texts, this.#ends[first]!, this.#columns);
    this.#columns = rows.columns;
    const { texts, starts, ends } = rows, width = columns.length;
    if (this.#places.length < 2 * width * this.count) {
      this.#places = grown(this.#places, new Float64Array(2 * width * this.times.length));
    }
    const places = this.#places;
    for (let event = first, at = 2 * width * first; event < this.count; event++) {
      const taken = rows.write(event - first, this.times[event]!);
      if (!taken) this.#excluded++;
      this.#ends[event + 1] = texts.length;
      for (let field = 0; field < width; field++, at += 2) {
        const column = columns[field]!, named = taken && column >= 0;
        places[at] = named ? starts[column]! : 0;
        places[at + 1] = named ? ends[column]! : 0;
      }
    }
    this.#texts = texts.bytes;
    if (!later) this.name();
  }

  /** Writes what the rows of a profile import do, and notes whom they name. */
  #addChanges(first: number, batch: IndexedBatch): void {
    const { identity, identifyBy } = this.rules;
    const { times } = batch, view = viewOf(batch.bytes);
    const places = new Map(identifyBy.map((field, index) => [field, index]));
    const idField = places.get(CUSTOMER_ID)!;
    const folds = identifyBy.map((field) => identity.foldsCase(field));
    const plain = identifyBy.map((field) => identity.isPlain(field));
    const rows = new ChangeRows(batch), texts = new ChangeTexts(batch, rows, this.#texts, this.#ends[first]!);
    const identify = (event: number, field: number, from: number, to: number) =>
      this.#identify(event, field, folds[field]!, plain[field]!, view, from, to);
    for (let row = 0; row < times.length; row++) {
      const event = first + row;
      if (rows.move(row)) {
        texts.assign();
        const field = places.size === 1 ? undefined : places.get(rows.name);
        if (field !== undefined) identify(event, field, rows.valueStart, rows.valueEnd);
        identify(event, idField, rows.idStart, rows.idEnd);
      } else {
        const changes = rows.changes();
        // What was archived was well-formed; nobody is named by what is not.
        const read = typeof changes === "string" ? [] : changes;
        this.#changing[event] = texts.change(read);
        if (typeof changes !== "string" && rows.idStart < rows.idEnd) {
          identify(event, idField, rows.idStart, rows.idEnd);
          for (const [name, change] of read) {
            const field = places.get(name);
            if (field !== undefined) { for (const value of namesIn(change)) this.#identifyValue(event, field, value); }
          }
        }
      }
      this.#ends[event + 1] = texts.length;
    }
    this.#texts = texts.bytes;
  }

  /** Writes rows of which columns are cast, and notes whom those of them name that identify. */
  #writeCast(first: number, rows: CastRows): void {
    const fields = [...this.rules.identifyBy.entries()].filter(([, field]) => rows.casts(field));
    for (let event = first; event < this.count; event++) {
      rows.move(event - first, this.times[event]!);
      const text = encoder.encode(rows.text()), put = this.#ends[event]!;
      this.#reserveTexts(put + text.length);
      this.#texts.set(text, put);
      this.#ends[event + 1] = put + text.length;
      for (const [index, field] of fields) {
        const value = rows.get(field);
        if (value !== undefined) this.#identifyValue(event, index, value);
      }
    }
  }

  #reserveTexts(bytes: number): void {
    if (bytes <= this.#texts.length) return;
    this.#texts = grown(this.#texts, new Uint8Array(Math.max(bytes, 2 * this.#texts.length)));
  }

  /** Makes room; by the default mapping a row's attributes are never longer than its line. */
  #reserve(events: number, bytes: number): void {
    this.#reserveTexts(this.#ends[this.count]! + bytes + COPY_SLACK);
    const need = this.count + events;
    if (need <= this.times.length) return;
    const size = Math.max(need, 2 * this.times.length);
    this.times = grown(this.times, new Float64Array(size));
    this.#parents = grown(this.#parents, new Int32Array(size));
    this.#identified = grown(this.#identified, new Uint8Array(size));
    this.#changing = grown(this.#changing, new Uint8Array(size));
    this.#ends = grown(this.#ends, new Float64Array(size + 1));
  }
}
