/**
 * What bounds a text, so that none can make the parser slow or exhaust its stack.
 *
 * @module
 */

/** The longest text of a mapping or filter, in UTF-16 units: some 30,000 values of an IN list. */
export const MAX_LENGTH = 1_000_000;

/** How deep parentheses, functions and NOT may stand in one another. Nobody writes 50; 1,000 would end the stack. */
export const MAX_DEPTH = 200;
