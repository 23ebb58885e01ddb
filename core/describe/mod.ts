/**
 * One zod declaration, every surface: fields for flags and forms, checked input, JSON Schema and reference tables.
 *
 * @module
 */
export { type Field, fieldsOf, type FieldType } from "./fields.ts";
export { jsonSchemaOf } from "./json_schema.ts";
export { flagName } from "./names.ts";
export { nearest } from "./nearest.ts";
export { optionsTable } from "./options_table.ts";
export { parseConfig, parsePartialConfig, readConfig } from "./parse.ts";
export { splitSecrets } from "./secrets.ts";
