/**
 * Finds where the values of wanted fields stand in JSON objects, without an object or a string per row.
 *
 * @module
 */
/** The field is not there, or null. */
export const ABSENT = 0;
/** A string whose bytes are its text: no escape in it, and none of the bytes that are looked for. */
export const PLAIN_TEXT = 1;
/** A string with an escape, or with a byte that is looked for. */
export const OTHER_TEXT = 2;
/** A number, `true` or `false`. */
export const LITERAL = 3;
/** A list. */
export const LIST = 4;
/** An object. */
export const MAP = 5;

const QUOTE = 0x22, COMMA = 0x2c, COLON = 0x3a, NULL = 0x6e;
const OPEN_LIST = 0x5b, BACKSLASH = 0x5c, CLOSE_LIST = 0x5d, OPEN_MAP = 0x7b, CLOSE_MAP = 0x7d;

/** What a byte in a string means: it is part of the text, one that is looked for, starts an escape, or ends the string. */
const TEXT = 0, SOUGHT = 1, ESCAPE = 2, END = 3;

/** How many keys that may be missing are looked past for the one that is there. */
const LOOK_PAST = 8;

/** Bytes of keys that are kept; beyond them a key is looked up whenever it comes. */
const KEY_BYTES = 1_048_576;

const decoder = new TextDecoder();

/** Bytes that are in no number and none of `true`, `false`, `null`: they end one. */
const LITERAL_BYTES = Uint8Array.from({ length: 256 }, (_, code) => /[-+.\w]/.test(String.fromCharCode(code)) ? 1 : 0);

/**
 * The fields of one object after another. Objects of one table have much the same keys in the same order: the key that
 * came next last time is tried first.
 */
export class FieldSpans {
  /** By field: what it is, {@linkcode ABSENT} and so on. */
  readonly kinds: Uint8Array;
  /** By field: where its value starts in the bytes, quotes and brackets included. */
  readonly starts: Uint32Array;
  /** By field: where its value ends. */
  readonly ends: Uint32Array;
  readonly #classes = new Uint8Array(256);
  /** The keys that came so far with their quotes and colons, one after another: `keys[keyEnds[n - 1]..keyEnds[n])`. */
  #keys = new Uint8Array(1_024);
  /** Key 0 is none: what comes after it is an object's first. */
  readonly #keyEnds: number[] = [0];
  /** By key: its field, or -1. */
  readonly #fields: number[] = [-1];
  /** By key: the one that came after it. */
  readonly #next: number[] = [0];
  readonly #numbers = new Map<string, number>();
  readonly #wanted: ReadonlyMap<string, number>;

  /** `names` are the fields; strings with the byte `sought` are {@linkcode OTHER_TEXT}. */
  constructor(names: readonly string[], sought: number) {
    this.kinds = new Uint8Array(names.length);
    this.starts = new Uint32Array(names.length);
    this.ends = new Uint32Array(names.length);
    this.#wanted = new Map(names.map((name, index) => [name, index]));
    this.#classes[sought] = SOUGHT;
    this.#classes[QUOTE] = END;
    this.#classes[BACKSLASH] = ESCAPE;
  }

  /** Finds the fields of the object `bytes[from..to)`, written without white space. */
  find(bytes: Uint8Array, from: number, to: number): void {
    const classes = this.#classes;
    const { kinds, starts, ends } = this;
    kinds.fill(ABSENT);
    let at = from + 1;
    if (bytes[from] !== OPEN_MAP || bytes[to - 1] !== CLOSE_MAP) throw malformed();
    if (at === to - 1) return;
    for (let key = 0;;) {
      key = this.#keyAt(bytes, at, to, key);
      const field = this.#fields[key] as number;
      at += key === 0 ? keyLength(bytes, at, to) : (this.#keyEnds[key] as number) - (this.#keyEnds[key - 1] as number);
      const start = at, first = bytes[at] as number;
      let kind = PLAIN_TEXT;
      if (first === QUOTE) {
        for (at++;;) {
          let meaning = TEXT;
          while ((meaning = classes[bytes[at] as number] as number) === TEXT) at++;
          if (meaning === END) break;
          if (at >= to) throw malformed();
          kind = OTHER_TEXT;
          at += meaning === ESCAPE ? 2 : 1;
        }
        at++;
      } else if (first === OPEN_LIST || first === OPEN_MAP) {
        kind = first === OPEN_LIST ? LIST : MAP;
        at = valueEnd(bytes, at, to);
      } else {
        kind = first === NULL ? ABSENT : LITERAL;
        while (LITERAL_BYTES[bytes[at] as number] === 1) at++;
        if (at === start) throw malformed();
      }
      if (field >= 0) {
        kinds[field] = kind;
        starts[field] = start;
        ends[field] = at;
      }
      if (bytes[at] !== COMMA) break;
      at++;
    }
    if (at !== to - 1) throw malformed();
  }

  /** The number of the key at `at`, which follows the key `before`; 0 for one that is not kept. */
  #keyAt(bytes: Uint8Array, at: number, to: number, before: number): number {
    const keys = this.#keys, ends = this.#keyEnds, next = this.#next;
    for (let key = next[before] as number, tries = 0; key !== 0 && tries < LOOK_PAST; tries++) {
      const end = ends[key] as number;
      let here = at, there = ends[key - 1] as number;
      while (there < end && keys[there] === bytes[here]) {
        there++;
        here++;
      }
      if (there === end) return key;
      key = next[key] as number;
    }
    const key = this.#lookUp(bytes, at, at + keyLength(bytes, at, to));
    if (key !== 0) next[before] = key;
    return key;
  }

  #lookUp(bytes: Uint8Array, from: number, to: number): number {
    const text = decoder.decode(bytes.subarray(from, to));
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    const length = this.#keyEnds.at(-1)!;
    const field = this.#wanted.get(JSON.parse(text.slice(0, -1)));
    if (length + to - from > KEY_BYTES && field === undefined) return 0;
    if (length + to - from > this.#keys.length) {
      const larger = new Uint8Array(2 * (length + to - from));
      larger.set(this.#keys.subarray(0, length));
      this.#keys = larger;
    }
    this.#keys.set(bytes.subarray(from, to), length);
    const key = this.#keyEnds.push(length + to - from) - 1;
    this.#fields.push(field ?? -1);
    this.#next.push(0);
    this.#numbers.set(text, key);
    return key;
  }
}

/** Bytes of the key that starts at `at`, its quotes and colon included. */
export function keyLength(bytes: Uint8Array, at: number, to: number): number {
  const end = bytes[at] === QUOTE ? valueEnd(bytes, at, to) : at;
  if (bytes[end] !== COLON) throw malformed();
  return end + 1 - at;
}

/**
 * Offset past the JSON value that starts at `at`; it and what follows it end before `to`. Throws a TypeError where no
 * value starts or it does not end.
 */
export function valueEnd(bytes: Uint8Array, at: number, to: number): number {
  const first = bytes[at];
  let end = at;
  if (first === QUOTE) end = textEnd(bytes, at, to);
  else if (first === OPEN_LIST || first === OPEN_MAP) end = nestedEnd(bytes, at, to);
  else while (end < to && LITERAL_BYTES[bytes[end] as number] === 1) end++;
  if (end === at || end > to) throw malformed();
  return end;
}

/** The same of a text; past `to` for one that does not end. */
function textEnd(bytes: Uint8Array, at: number, to: number): number {
  at++;
  for (let byte = bytes[at]; byte !== QUOTE && at < to; byte = bytes[++at]) if (byte === BACKSLASH) at++;
  return at + 1;
}

/** The same of a list or a map. */
function nestedEnd(bytes: Uint8Array, at: number, to: number): number {
  for (let depth = 0; at < to;) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      at = textEnd(bytes, at, to);
      continue;
    }
    at++;
    if (byte === OPEN_LIST || byte === OPEN_MAP) depth++;
    else if ((byte === CLOSE_LIST || byte === CLOSE_MAP) && --depth === 0) return at;
  }
  return to + 1;
}

/** What no database gives. */
function malformed(): TypeError {
  return new TypeError("Not JSON of an object as JSON.stringify writes it");
}
