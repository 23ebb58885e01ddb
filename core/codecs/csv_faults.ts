/**
 * What can be wrong with a record, as numbers in the scanner and as sentences in a rejected row.
 *
 * @module
 */

export const NONE = 0;
/** Holds a NUL; ends where a good record would. */
export const HAS_NUL = 1;
/** Holds bytes that are not UTF-8; ends where a good record would. */
export const NOT_UTF8 = 2;
/** Malformed, like the faults below: where the record was meant to end cannot be known. */
export const AFTER_QUOTE = 3;
/** The file ends inside quotes. */
export const UNCLOSED = 4;
/** The number of cells is wrong, over several lines. */
export const RAGGED = 5;
/** Not wrong, but the window ends before the record does. */
export const INCOMPLETE = 6;

/**
 * Why a record was rejected: a sentence without a final period.
 *
 * `cells` counts the cells read, `columns` those of the header; `line` is given where the fault is on another line than
 * the record's first.
 */
export function faultSentence(fault: number, cells: number, columns: number, line: number | undefined): string {
  switch (fault) {
    case HAS_NUL:
      return "Holds a NUL";
    case NOT_UTF8:
      return "Holds bytes that cannot be decoded";
    case AFTER_QUOTE:
      return `Has text after the closing quote of cell ${cells + 1}${line === undefined ? "" : ` on line ${line}`}`;
    case UNCLOSED:
      return `Has a quote in cell ${cells + 1} that is never closed`;
    default:
      return `Has ${cells} ${cells === 1 ? "cell" : "cells"} where the header has ${columns}`;
  }
}
