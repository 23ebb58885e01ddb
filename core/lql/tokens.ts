/**
 * The words and signs that LQL and FilterQL are written in.
 *
 * @module
 */

/** What a token is. */
export type TokenType = "name" | "quoted" | "keyword" | "text" | "number" | "sign" | "end";

/** One word, literal or sign of a text. */
export interface Token {
  /** What it is. */
  readonly type: TokenType;
  /** A name, a keyword in upper case, a sign, or the content of a literal; empty at the end. */
  readonly value: string;
  /** Where it starts in the text, in UTF-16 units. */
  readonly start: number;
  /** Where it ends. */
  readonly end: number;
  /** Whether a line break stands between it and the token before. */
  readonly newLine: boolean;
}

/** Words that name nothing unless they stand in back-ticks; any case. */
export const KEYWORDS: ReadonlySet<string> = new Set([
  ...["SELECT", "FROM", "INTO", "BY", "WHERE", "ALIAS", "AS", "IF", "SHORTDESC", "LONGDESC", "KIND", "MERGEOP"],
  ...["FILTER", "INCLUDE", "AND", "OR", "NOT", "IN", "LIKE", "EXISTS", "BETWEEN", "INTERSECTS", "CONTAINS"],
  ...["TRUE", "FALSE", "NULL"],
]);

/** Signs, the longer ones first. */
export const SIGNS: readonly string[] = [
  ...["==", "!=", ">=", "<=", "=", ">", "<"],
  ...["(", ")", ",", ".", "+", "-", "*", "/", "%"],
];

/** A name that needs no back-ticks, unless it is a keyword. */
export const BARE_NAME = /[\p{L}_][\p{L}\p{N}_]*/uy;

/** A stream, table or audience: a bare name, or one with digits first, hyphens and dots. */
export const SLUG = /[\p{L}\p{N}_][\p{L}\p{N}_.-]*/uy;
