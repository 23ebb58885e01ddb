/**
 * The columns of a mapping over batches with the same fields: what is remembered of their values outlives a batch.
 *
 * @module
 */
import type { Contribution, Decided, MappingProgram, TextForm } from "../lql/mod.ts";
import type { BatchEvent } from "./batch_event.ts";
import { viewOf } from "./byte_stretches.ts";
import type { IndexedBatch } from "./indexed_batch.ts";
import { FieldValues, RememberedCondition, RememberedValues, Saying } from "./value_memory.ts";

const encoder = new TextEncoder();

/** A column as it is written. */
export interface WrittenColumn {
  /** Its place in the mapping. */
  readonly index: number;
  readonly name: string;
  /** A comma, its name as JSON, a colon. */
  readonly key: DataView;
  /** IF. */
  readonly holds: ((event: BatchEvent, row: number) => boolean) | undefined;
  readonly value: Contribution["value"]["of"];
  readonly time: Contribution["time"];
  /** The batch's column that alone decides its value; -1 where there is none. */
  readonly source: number;
  /** What becomes of the source's texts, where that is told by their bytes. */
  readonly form: TextForm | undefined;
  readonly memory: RememberedValues | undefined;
}

/** The columns of a mapping, in the order of their names. */
export class MappedColumns {
  readonly list: readonly WrittenColumn[];
  readonly #names: readonly string[];
  /** By place in the batches. */
  readonly #values = new Map<number, FieldValues>();

  /** For batches with the fields of this one. */
  constructor({ columns, contributions }: MappingProgram, batch: IndexedBatch) {
    this.#names = batch.columns.names;
    const valuesAt = (place: number) => this.#values.getOrInsertComputed(place, () => new FieldValues(place));
    this.list = columns.map(({ name }, index) => this.#columnOf(name, index, contributions[index]!, valuesAt))
      .sort((a, b) => a.name < b.name ? -1 : 1);
  }

  /** Turns to another batch, and keeps what is remembered; undefined for one with other fields. */
  turnTo({ columns: { names } }: IndexedBatch): this | undefined {
    const known = this.#names;
    if (names !== known && (names.length !== known.length || names.some((name, place) => name !== known[place]))) {
      return;
    }
    for (const values of this.#values.values()) values.begin();
    for (const { memory } of this.list) memory?.begin();
    return this;
  }

  #columnOf(
    name: string,
    index: number,
    { condition, value, time, form }: Contribution,
    valuesAt: (place: number) => FieldValues,
  ): WrittenColumn {
    const places = this.#placesOf(value);
    const alone = places?.length === 1 ? places[0]! : -1;
    const formed = alone >= 0 ? form : undefined;
    const saying = formed === undefined ? sayingOf(places, valuesAt) : undefined;
    const held = condition && sayingOf(this.#placesOf(condition), valuesAt);
    const remembered = held && new RememberedCondition(held, condition.of);
    return {
      index,
      name,
      key: viewOf(encoder.encode(`,${JSON.stringify(name)}:`)),
      holds: remembered === undefined ? condition?.of : (event, row) => remembered.of(event, row),
      value: value.of,
      time,
      source: alone,
      form: formed,
      memory: saying && new RememberedValues(saying),
    };
  }

  /** The places in the batches of the fields that alone decide; what is in no row decides nothing. */
  #placesOf({ fields }: Decided<unknown>): readonly number[] | undefined {
    return fields?.map((field) => this.#names.indexOf(field)).filter((place) => place >= 0);
  }
}

/** What fields at these places say together; undefined where others decide, too, or none does. */
function sayingOf(
  places: readonly number[] | undefined,
  valuesAt: (place: number) => FieldValues,
): Saying | undefined {
  return places === undefined || places.length === 0 ? undefined : new Saying(places.map(valuesAt));
}
