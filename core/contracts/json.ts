/**
 * Parses JSON whose names of fields may be anything.
 *
 * V8 13 to 15, and with it Node and Deno, may take a name with an escape for another one: once an object had a field `\`,
 * the names `"` and a line break of another object are read as `\`, too (https://github.com/nodejs/node/issues/63785).
 * What people call the keys of their maps is no business of ours, so nothing that holds them is parsed by `JSON.parse`.
 *
 * @module
 */
import type { JsonValue } from "./records.ts";

/** A name with an escape. Some texts between two strings look the same, which costs time and nothing else. */
const ESCAPED_NAME = /"[^"\\]*(?:\\.[^"\\]*)+"\s*:/s;

/** Makes the value of a number of its text. */
export type NumberReader = (text: string) => JsonValue;

/**
 * Parses JSON; `number` makes the values of numbers unless they are to be what JavaScript makes of them. As with
 * `JSON.parse`, whoever calls knows what the text is. Throws a `SyntaxError`.
 */
export function parseJson<Parsed = JsonValue>(text: string, number?: NumberReader): Parsed {
  if (text.includes("\\") && ESCAPED_NAME.test(text)) {
    // Tells what is wrong with a text, and where.
    JSON.parse(text);
    return new Reader(text, number).value() as Parsed;
  }
  if (number === undefined) return JSON.parse(text);
  return JSON.parse(text, (_, value: JsonValue, context?: { readonly source?: string }) => {
    return typeof value === "number" && context?.source !== undefined ? number(context.source) : value;
  });
}

const SPACE = /\s*/y, STRING = /"[^"\\]*(?:\\.[^"\\]*)*"/ys, LITERAL = /[-+.\w]+/y;

/** Reads a text that is valid. */
class Reader {
  #at = 0;

  constructor(private readonly text: string, private readonly number: NumberReader | undefined) {}

  value(): JsonValue {
    this.#take(SPACE);
    const first = this.text[this.#at];
    if (first === "{") return this.#object();
    if (first === "[") return this.#list();
    if (first === '"') return this.#string();
    const literal = this.#take(LITERAL);
    const isNumber = /^[-\d]/.test(literal);
    return isNumber && this.number !== undefined ? this.number(literal) : JSON.parse(literal);
  }

  #object(): JsonValue {
    const object: { [name: string]: JsonValue } = {};
    while (this.#goesOn("}")) {
      const name = this.#string();
      this.#take(SPACE);
      this.#at++;
      const value = this.value();
      // A plain assignment would set what the object inherits from.
      if (name !== "__proto__") object[name] = value;
      else Object.defineProperty(object, name, { value, configurable: true, enumerable: true, writable: true });
    }
    return object;
  }

  #list(): JsonValue {
    const list: JsonValue[] = [];
    while (this.#goesOn("]")) list.push(this.value());
    return list;
  }

  /** Passes over the bracket that opens or the comma; whether a member follows, else over the bracket that closes. */
  #goesOn(close: string): boolean {
    this.#take(SPACE);
    if (this.text[this.#at] !== close) {
      this.#at++;
      this.#take(SPACE);
      if (this.text[this.#at] !== close) return true;
    }
    this.#at++;
    return false;
  }

  #string(): string {
    return JSON.parse(this.#take(STRING));
  }

  #take(token: RegExp): string {
    token.lastIndex = this.#at;
    const [taken = ""] = token.exec(this.text) ?? [];
    this.#at += taken.length;
    return taken;
  }
}
