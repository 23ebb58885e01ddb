/**
 * LQL mappings and FilterQL filters: what they say, what they do, and how they are written.
 *
 * @module
 */
export type { Column, Expression, Filter, Mapping } from "./ast.ts";
export {
  compileFilter,
  type FilterContext,
  type FilteredProfile,
  type FilterProgram,
  findCycle,
  type IncludedAudience,
  includesOf,
  LazyProfile,
} from "./compile_filter.ts";
export {
  compileMapping,
  type Contribution,
  type Decided,
  type Fold,
  type MappedColumn,
  type MappingEvent,
  type MappingProgram,
} from "./compile_mapping.ts";
export { type DateDoubt, dateDoubts, fieldNamesOf, partsOf } from "./doubts.ts";
export { exactSum, isDecimalText } from "./exact_sum.ts";
export { isShownAsStored, mergeValues, type OrderFreeOp, shownValue } from "./fold.ts";
export { formatFilter, formatMapping, quoteName, quoteString } from "./format.ts";
export { type Kind, KINDS, MERGE_OPS, type MergeOp } from "./kinds.ts";
export { parseFilter } from "./parse_filter.ts";
export { parseMapping } from "./parse_mapping.ts";
export type { TextForm } from "./text_forms.ts";
export { civilOf, compareTexts, timeIn } from "./values.ts";
