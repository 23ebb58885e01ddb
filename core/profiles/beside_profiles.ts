/**
 * What the events of a batch say beside what profiles say, told from their bytes alone: most files that come again name
 * profiles that they find as they left them, or change them whole, and neither needs an object.
 *
 * Both texts are JSON objects without blanks whose keys are sorted, as everything is written that is folded.
 *
 * @module
 */
import { valueEnd } from "../codecs/json_field_spans.ts";
import { giveBack } from "../contracts/give_back.ts";
import { sameBytes, viewOf } from "./byte_stretches.ts";
import type { KnownProfiles } from "./known_profiles.ts";
import type { ProfileBatch } from "./profile_batch.ts";

const encoder = new TextEncoder();

/** The event says just what the profile says. */
const REPEATS = 1 << 30;
/** The event says something of every field of the profile, and the same as it of all that identify. */
const COVERS = 1 << 29;
/** Fields that identify for which there is a bit. */
const MOST_FIELDS = 29;

/** Events of a batch beside profiles. What was told last of an event is remembered. */
export class BesideProfiles {
  readonly #told: Float64Array;
  readonly #results: Int32Array;
  /** The fields that identify, as keys are written. */
  readonly #keys: readonly Uint8Array[];

  constructor(private readonly batch: ProfileBatch, private readonly profiles: KnownProfiles) {
    this.#told = new Float64Array(batch.count);
    this.#results = new Int32Array(batch.count);
    this.#keys = batch.rules.identifyBy.map((field) => encoder.encode(JSON.stringify(field)));
  }

  /** Whether what an event writes is just what the profile says. */
  repeats(event: number, id: number): boolean {
    return (this.#result(event, id) & REPEATS) !== 0;
  }

  /** Whether an event says the same as the profile of the field with this place among those that identify. */
  agrees(event: number, id: number, field: number): boolean {
    const result = this.#result(event, id);
    return (result & REPEATS) !== 0 || field < MOST_FIELDS && (result & 1 << field) !== 0;
  }

  /**
   * Whether an event that is later than all of a profile leaves nothing of what it said: it writes every field of it,
   * and says the same of those that identify.
   */
  covers(event: number, id: number): boolean {
    return (this.#result(event, id) & COVERS) !== 0;
  }

  /** Gives its memory back; nothing can be told any more. */
  giveBack(): void {
    giveBack(this.#told, this.#results);
  }

  #result(event: number, id: number): number {
    if (this.#told[event] === id) return this.#results[event]!;
    this.#told[event] = id;
    return this.#results[event] = this.#compare(event, id);
  }

  #compare(event: number, id: number): number {
    const { batch, profiles } = this;
    if (batch.isChanging(event)) return 0;
    if (batch.repeats(event, profiles, id)) return REPEATS;
    const keys = this.#keys, said = new Members(batch.attributeBytes(event)), known = new Members(profiles.bytes(id));
    let result = keys.length > MOST_FIELDS ? 0 : COVERS;
    while (known.next()) {
      let found = false;
      while (!found && said.next()) {
        found = said.hasKeyOf(known);
        if (!found && said.keyAmong(keys) >= 0) result &= ~COVERS;
      }
      if (!found) return result & ~COVERS;
      const field = known.keyAmong(keys);
      if (field < 0) continue;
      if (said.hasValueOf(known)) result |= field < MOST_FIELDS ? 1 << field : 0;
      else result &= ~COVERS;
    }
    while (said.next()) if (said.keyAmong(keys) >= 0) result &= ~COVERS;
    return result;
  }
}

/** The members of a JSON object, one after another. */
class Members {
  readonly #view: DataView;
  #key = 0;
  #colon = 0;
  #end = 0;

  constructor(private readonly bytes: Uint8Array) {
    this.#view = viewOf(bytes);
  }

  /** Moves to the next one. */
  next(): boolean {
    const { bytes } = this;
    // Behind the opening brace, or behind the comma.
    const start = this.#end + 1;
    if (start >= bytes.length - 1) return false;
    this.#key = start;
    this.#colon = valueEnd(bytes, start, bytes.length);
    this.#end = valueEnd(bytes, this.#colon + 1, bytes.length);
    return true;
  }

  hasKeyOf(other: Members): boolean {
    return same(this.#view, this.#key, this.#colon, other.#view, other.#key, other.#colon);
  }

  hasValueOf(other: Members): boolean {
    return same(this.#view, this.#colon, this.#end, other.#view, other.#colon, other.#end);
  }

  /** The place of its key among others; -1 where it is not there. */
  keyAmong(keys: readonly Uint8Array[]): number {
    const { bytes } = this, start = this.#key, size = this.#colon - start;
    for (let place = 0; place < keys.length; place++) {
      const key = keys[place]!;
      if (key.length !== size) continue;
      let at = 0;
      while (at < size && bytes[start + at] === key[at]) at++;
      if (at === size) return place;
    }
    return -1;
  }
}

function same(one: DataView, start: number, end: number, two: DataView, other: number, otherEnd: number): boolean {
  return end - start === otherEnd - other && sameBytes(one, start, two, other, end - start);
}
