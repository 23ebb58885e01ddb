/**
 * Reads one token of a text: the one lexer of LQL and FilterQL.
 *
 * @module
 */
import { faultAt } from "./fault.ts";
import { BARE_NAME, KEYWORDS, SIGNS, type Token, type TokenType } from "./tokens.ts";

/** White space, and comments from `--` or `#` to the end of the line. */
const SPACE = /(?:\s+|(?:--|#)[^\n]*)*/y;
const NUMBER = /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y;
const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", "\\": "\\", '"': '"', "'": "'" };

/** Where the next token starts: past white space and comments. */
export function skipSpace(text: string, from: number): number {
  SPACE.lastIndex = from;
  SPACE.test(text);
  return SPACE.lastIndex;
}

/** The token that follows offset `from`. Throws a `Failure` of kind `config` where none does. */
export function tokenAt(text: string, from: number): Token {
  const start = skipSpace(text, from);
  const newLine = text.slice(from, start).includes("\n");
  const token = (type: TokenType, value: string, end: number): Token => ({ type, value, start, end, newLine });
  if (start >= text.length) return token("end", "", start);
  const first = text.charAt(start);
  if (first === '"' || first === "'") return readText(text, start, newLine);
  if (first === "`") return readQuoted(text, start, newLine);
  const bare = wordAt(text, start, BARE_NAME);
  if (bare !== "") {
    const end = start + bare.length;
    const keyword = bare.toUpperCase();
    return KEYWORDS.has(keyword) ? token("keyword", keyword, end) : token("name", bare, end);
  }
  const number = wordAt(text, start, NUMBER);
  if (number !== "") return token("number", checkedNumber(text, start, number), start + number.length);
  const sign = SIGNS.find((sign) => text.startsWith(sign, start));
  if (sign !== undefined) return token("sign", sign, start + sign.length);
  const found = String.fromCodePoint(text.codePointAt(start) ?? 0);
  throw faultAt({ text, offset: start }, `"${found}" has no meaning here`, hintOf(found));
}

/** What the sticky `pattern` matches at `start`, or the empty text. */
export function wordAt(text: string, start: number, pattern: RegExp): string {
  pattern.lastIndex = start;
  return pattern.exec(text)?.[0] ?? "";
}

function hintOf(found: string): string {
  if ("“”„‘’".includes(found)) return `Use straight quotes: " or '`;
  if ("&|!".includes(found)) return "Write AND, OR, NOT";
  return "Put names with other characters than letters, digits and _ in back-ticks, texts in quotes";
}

/** A text in single or double quotes; a doubled quote or a backslash stands before what would end it. */
function readText(text: string, start: number, newLine: boolean): Token {
  const quote = text.charAt(start);
  const special = quote === '"' ? /["\\]/g : /['\\]/g;
  let value = "";
  for (let from = start + 1;;) {
    special.lastIndex = from;
    const at = special.exec(text)?.index;
    if (at === undefined) throw faultAt({ text, offset: start }, `this text has no closing ${quote}`);
    value += text.slice(from, at);
    const next = text.charAt(at + 1);
    if (text.charAt(at) === quote) {
      if (next !== quote) return { type: "text", value, start, end: at + 1, newLine };
      value += quote;
    } else {
      if (!Object.hasOwn(ESCAPES, next)) {
        throw faultAt(
          { text, offset: at },
          `"\\${next}" is no escape`,
          "Write \\\\ for a backslash; known are \\\" \\' \\\\ \\n \\t \\r",
        );
      }
      value += ESCAPES[next];
    }
    from = at + 2;
  }
}

/** A name in back-ticks; a doubled back-tick is one. */
function readQuoted(text: string, start: number, newLine: boolean): Token {
  let value = "";
  for (let from = start + 1;;) {
    const at = text.indexOf("`", from);
    if (at < 0) throw faultAt({ text, offset: start }, "this name has no closing back-tick");
    value += text.slice(from, at);
    if (text.charAt(at + 1) !== "`") {
      if (value === "") throw faultAt({ text, offset: start }, "a name is not empty");
      return { type: "quoted", value, start, end: at + 1, newLine };
    }
    value += "`";
    from = at + 2;
  }
}

function checkedNumber(text: string, start: number, number: string): string {
  const after = wordAt(text, start + number.length, BARE_NAME);
  if (after !== "") {
    throw faultAt(
      { text, offset: start },
      `"${number}${after}" is neither a number nor a name`,
      "Put the name in back-ticks",
    );
  }
  if (!Number.isFinite(Number(number)) || /^\d+$/.test(number) && !Number.isSafeInteger(Number(number))) {
    throw faultAt(
      { text, offset: start },
      `${number} is too great for a number`,
      "Write it in quotes: texts compare digit by digit",
    );
  }
  return number;
}
