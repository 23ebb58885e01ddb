/**
 * Fields that the default mapping takes as they come, cast where other mappings into the table say what they add up to.
 *
 * Sums, extremes, sets and maps are of one kind: folded with values of others they would depend on the order of events.
 *
 * @module
 */
import type { JsonValue } from "../contracts/records.ts";
import { compileMapping, type MappedColumn, type MappingProgram } from "../lql/mod.ts";
import { BatchEvent } from "./batch_event.ts";
import { type IndexedBatch, isEmptyValue } from "./indexed_batch.ts";

/** The columns that are cast, in whatever batch. */
export class CastColumns {
  readonly #columns: ReadonlyMap<string, MappedColumn>;
  /** The names of the batch before, and those of its columns that are cast. */
  #names: readonly string[] = [];
  #program: MappingProgram | undefined;

  private constructor(columns: ReadonlyMap<string, MappedColumn>) {
    this.#columns = columns;
  }

  /** Of these columns, which mappings into a table say, those whose values do not stand each for itself. */
  static of(said: Iterable<MappedColumn>): CastColumns | undefined {
    const columns = new Map<string, MappedColumn>();
    for (const column of said) {
      if (column.fold !== "latest" && column.kind !== undefined) columns.set(column.name, column);
    }
    return columns.size === 0 ? undefined : new CastColumns(columns);
  }

  /** The rows of a batch; undefined for one without such a column. */
  over(batch: IndexedBatch): CastRows | undefined {
    const { names } = batch.columns;
    if (names !== this.#names) {
      this.#names = names;
      this.#program = this.#programOf(names);
    }
    return this.#program && new CastRows(batch, this.#program);
  }

  #programOf(names: readonly string[]): MappingProgram | undefined {
    const columns = names.flatMap((name) => {
      const said = this.#columns.get(name);
      if (said?.kind === undefined) return [];
      return [{ expression: { type: "field", path: [name] } as const, name, kind: said.kind, merge: said.merge }];
    });
    return columns.length === 0 ? undefined : compileMapping({ columns, stream: "", table: "", identifyBy: [] });
  }
}

/** One row at a time of a batch in which columns are cast. */
export class CastRows {
  readonly #event: BatchEvent;
  readonly #order: readonly number[];
  /** By name the place among the values of the columns that are cast. */
  readonly #places: ReadonlyMap<string, number>;
  readonly #values: (JsonValue | undefined)[] = [];
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });

  constructor(private readonly batch: IndexedBatch, private readonly program: MappingProgram) {
    const { names } = batch.columns;
    this.#event = new BatchEvent(batch);
    this.#order = [...names.keys()].sort((a, b) => names[a]! < names[b]! ? -1 : 1);
    this.#places = new Map(program.columns.map(({ name }, place) => [name, place]));
  }

  /** Turns to a row, whose event time is `at`. */
  move(row: number, at: number): void {
    this.#event.move(row, at);
    this.program.evaluate(this.#event, this.#values);
  }

  /** Whether a column is cast. */
  casts(name: string): boolean {
    return this.#places.has(name);
  }

  /** What a column that is cast holds; undefined where the value cannot be cast, or is none, and of any other column. */
  get(name: string): JsonValue | undefined {
    const place = this.#places.get(name);
    return place === undefined ? undefined : this.#values[place];
  }

  /** What the row writes: a JSON object with sorted keys and no empty values. */
  text(): string {
    const parts = this.#order.flatMap((column) => {
      const name = this.batch.columns.names[column]!;
      const value = this.casts(name) ? this.#castText(name) : this.#plainText(column);
      return value === undefined ? [] : [`${JSON.stringify(name)}:${value}`];
    });
    return `{${parts.join(",")}}`;
  }

  #castText(name: string): string | undefined {
    const value = this.get(name);
    return value === undefined ? undefined : JSON.stringify(value);
  }

  #plainText(column: number): string | undefined {
    const { bytes } = this.batch, from = this.#event.start(column), to = this.#event.end(column);
    return isEmptyValue(bytes, from, to - from) ? undefined : this.#decoder.decode(bytes.subarray(from, to));
  }
}
