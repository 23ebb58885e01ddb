/**
 * Makes rows of records: the fields that a job means, and the time of the event.
 *
 * @module
 */
import type { JsonValue, Row } from "@waybill/waybill";
import { type JsonRecord, timestampParser } from "@waybill/waybill/codecs";
import type { JsonImportOptions } from "./config.ts";

/** The part of the configuration that rows depend on. */
export type RowOptions = Pick<JsonImportOptions, "fields" | "timestamp_field" | "timestamp_format" | "timestamp_zone">;

/** What makes a row of a record. */
export function rowMaker(options: RowOptions): (record: JsonRecord) => Row {
  const { fields, timestamp_field: field } = options;
  const parser = timestampParser({ format: options.timestamp_format, zone: options.timestamp_zone });
  const timeOf = (value: JsonValue | undefined) =>
    typeof value === "string" || typeof value === "number" ? parser.parse(String(value)) : undefined;
  return (record) => {
    const chosen = fields.length === 0 ? record : Object.fromEntries(
      fields.filter((name) => Object.hasOwn(record, name)).map((name) => [name, record[name] ?? null]),
    );
    const time = field !== undefined && Object.hasOwn(record, field) ? timeOf(record[field]) : undefined;
    return time === undefined ? { fields: chosen } : { fields: chosen, time };
  };
}
