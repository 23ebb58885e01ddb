/**
 * A parser's place in its text.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";
import { nearest } from "../describe/nearest.ts";
import { faultAt, setPlace } from "./fault.ts";
import { skipSpace, tokenAt, wordAt } from "./lexer.ts";
import { MAX_DEPTH, MAX_LENGTH } from "./limits.ts";
import { BARE_NAME, KEYWORDS, SLUG, type Token } from "./tokens.ts";

/** What no database keeps as it is, or nobody sees. */
const CONTROL = /(?![\t\n\r])\p{Cc}/u;

/** A name with dots, as one name. */
const DOTTED = /[\p{L}_][\p{L}\p{N}_.]*/uy;

/** Reads a text token by token, and says what it expected where it finds something else. */
export class Cursor {
  /** The whole text. */
  readonly text: string;
  /** Whether FilterQL's `INCLUDE` and `*` are known here. */
  readonly filter: boolean;
  /** Whether a line break may end a phrase: directly within `AND (…)` and `OR (…)`. */
  phrases = false;
  /** Where the next token is looked for. */
  #at = 0;
  #token: Token | undefined;
  #depth = 0;

  /** Throws a `Failure` of kind `config` for a text that is too long. */
  constructor(text: string, filter: boolean) {
    if (text.length > MAX_LENGTH) {
      const [what, way] = filter
        ? ["filter", "Import a long list of people as a list audience and INCLUDE it"]
        : ["mapping", "Split it into several mappings"];
      throw new Failure("config", `The ${what} has ${text.length} characters, the most is ${MAX_LENGTH}`, {
        code: "too_large",
        hint: way,
      });
    }
    const control = text.search(CONTROL);
    if (control >= 0) {
      const code = text.charCodeAt(control).toString(16).toUpperCase().padStart(4, "0");
      throw new Failure("config", `The ${filter ? "filter" : "mapping"} holds the control character U+${code}`, {
        hint: "Leave it out: only line breaks and tabs may stand in it",
      });
    }
    this.text = text;
    this.filter = filter;
  }

  /** The token that comes next; read when it is asked for, since a slug may be no token. */
  get token(): Token {
    return this.#token ??= tokenAt(this.text, this.#at);
  }

  /** The token after the one that comes next. */
  following(): Token {
    return tokenAt(this.text, this.token.end);
  }

  /** Takes the next token. */
  take(): Token {
    const token = this.token;
    this.#goTo(token.end);
    return token;
  }

  /** Where the next token starts. */
  get start(): number {
    return skipSpace(this.text, this.#at);
  }

  #goTo(offset: number): void {
    this.#at = offset;
    this.#token = undefined;
  }

  /** Whether the next token is this sign. */
  atSign(...signs: readonly string[]): boolean {
    return this.token.type === "sign" && signs.includes(this.token.value);
  }

  /** Whether the next token is this keyword. */
  atKeyword(...keywords: readonly string[]): boolean {
    return this.token.type === "keyword" && keywords.includes(this.token.value);
  }

  /** Takes the sign if it comes next. */
  takeSign(sign: string): boolean {
    const found = this.atSign(sign);
    if (found) this.take();
    return found;
  }

  /** Takes the keyword if it comes next. */
  takeKeyword(keyword: string): boolean {
    const found = this.atKeyword(keyword);
    if (found) this.take();
    return found;
  }

  /** Takes the sign, or throws. */
  expectSign(sign: string): void {
    if (!this.takeSign(sign)) throw this.expected(`"${sign}"`);
  }

  /** Takes the keyword, or throws. */
  expectKeyword(keyword: string): void {
    if (!this.takeKeyword(keyword)) throw this.expected(keyword);
  }

  /** Takes a text in quotes, or throws. */
  expectText(what: string): string {
    if (this.token.type !== "text") throw this.expected(`${what} in quotes`);
    return this.take().value;
  }

  /** Takes a profile field's name: bare, with dots, or in back-ticks. */
  expectName(what: string): string {
    return this.#expectWord(what, DOTTED);
  }

  /** Takes the name of a stream, table or audience: bare, with digits, hyphens and dots, or in back-ticks. */
  expectSlug(what: string): string {
    return this.#expectWord(what, SLUG);
  }

  #expectWord(what: string, pattern: RegExp): string {
    const word = this.takeWord(pattern);
    if (word !== "") return word;
    if (this.token.type === "quoted") return this.take().value;
    throw this.token.type === "text"
      ? this.expected(what, "Names stand bare or in back-ticks, not in quotes")
      : this.expected(what);
  }

  /** Takes what the sticky `pattern` matches here if `accepts` it; the empty text where it does not. No keywords. */
  takeWord(pattern: RegExp, accepts: (word: string) => boolean = () => true): string {
    const start = skipSpace(this.text, this.#at);
    const word = wordAt(this.text, start, pattern);
    if (word === "" || KEYWORDS.has(word.toUpperCase()) || !accepts(word)) return "";
    this.#goTo(start + word.length);
    return word;
  }

  /** Goes one level deeper, or throws; every call needs a {@linkcode leave}. */
  enter(): void {
    if (++this.#depth > MAX_DEPTH) {
      throw this.fault(`this is nested more than ${MAX_DEPTH} deep`, "Write it with fewer parentheses");
    }
  }

  /** Comes back from one level. */
  leave(): void {
    this.#depth--;
  }

  /** Remembers where `node` was read, and returns it. */
  placed<Node extends object>(node: Node, start: number): Node {
    setPlace(node, this.text, start);
    return node;
  }

  /** A failure at the next token. */
  fault(what: string, hint?: string): Failure {
    return faultAt({ text: this.text, offset: this.token.start }, what, hint);
  }

  /** A failure that says what should stand where the next token stands. */
  expected(what: string, hint?: string): Failure {
    const { type, value, start, end } = this.token;
    if (type === "end") return this.fault(`expected ${what}, found the end`, hint);
    const found = this.text.slice(start, end);
    const shown = found.length > 40 ? `${found.slice(0, 40)}…` : found;
    const name = type === "keyword" && /name|field|value|stream|table|slug/.test(what);
    const words = what.match(/\b[A-Z]{2,}\b/g) ?? [];
    const meant = wordAt(found, 0, BARE_NAME) === found ? nearest(found, words) : undefined;
    return this.fault(
      `expected ${what}, found ${type === "text" ? shown : `"${shown}"`}`,
      hint ??
        (name
          ? `${value} is a keyword; a name that is written like it stands in back-ticks: \`${found}\``
          : meant === undefined
          ? undefined
          : `Did you mean ${meant}?`),
    );
  }
}
