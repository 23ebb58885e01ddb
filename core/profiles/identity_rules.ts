/**
 * By what a value identifies: how it is normalised, and which values name nobody.
 *
 * @module
 */
import type { JsonValue } from "../contracts/records.ts";

/** Ways to normalise a value, applied in this order: `digits` keeps digits alone, `lower` compares in lower case. */
export const NORMALISING_STEPS = ["digits", "lower"] as const;

/** One of them. */
export type NormalisingStep = typeof NORMALISING_STEPS[number];

/** The rules of a profile table as they are stored. */
export interface IdentityRulesJson {
  /** Field → how its values are normalised beyond the white space around them; without it, e-mails are lower-cased. */
  readonly normalise?: { readonly [field: string]: readonly NormalisingStep[] };
  /** Field, or `*` for every one → values that name nobody, beyond those built in. */
  readonly deny?: { readonly [field: string]: readonly string[] };
  /** Values of one identity field from which a profile is reported; 100 unless told. */
  readonly most_values?: number;
}

/** Fields whose values are e-mail addresses, which are compared in lower case unless told otherwise. */
const EMAIL_FIELD = /e[-_]?mail/i;

/** Printable ASCII: no letter of it is of another length in lower case. */
const PLAIN = /^[ -~]+$/;

/** What forms and exports write where they have nothing to say; compared in lower case. */
const NOBODY: readonly string[] = [
  "null",
  "(null)",
  "nil",
  "none",
  "n/a",
  "#n/a",
  "na",
  "nan",
  "undefined",
  "unknown",
  "anonymous",
  "not set",
  "(not set)",
  "-",
  "--",
  "00000000-0000-0000-0000-000000000000",
  "test@test.com",
  "test@example.com",
  "email@example.com",
  "example@example.com",
  "none@none.com",
  "no@email.com",
  "noemail@noemail.com",
];

/** Values of one identity field from which a profile is reported, unless the table says otherwise. */
const MOST_VALUES = 100;

/** The rules of one profile table. */
export class IdentityRules {
  /** Values of one identity field from which a profile is reported. */
  readonly mostValues: number;
  readonly #denied = new Map<string, Set<string>>();
  /** Fields that were asked for, and whether their values are compared in lower case. */
  readonly #folds = new Map<string, boolean>();
  readonly #everywhere: Set<string>;
  /** What denied values begin with, and how long they are: most values are no candidates. */
  readonly #likely = new Uint8Array(65_536);

  constructor(private readonly rules: IdentityRulesJson = {}) {
    this.mostValues = rules.most_values ?? MOST_VALUES;
    this.#everywhere = new Set(NOBODY);
    for (const [field, values] of Object.entries(rules.deny ?? {})) {
      const set = field === "*" ? this.#everywhere : new Set<string>();
      for (const value of values) set.add(value.trim().toWellFormed().toLowerCase());
      if (field !== "*") this.#denied.set(field, set);
    }
    for (const set of [this.#everywhere, ...this.#denied.values()]) {
      for (const value of set) {
        // A first letter outside ASCII may be of another length in lower case.
        if (/^[!-~]/.test(value)) this.#likely[likelihood(value.length, value.charCodeAt(0), value.charCodeAt(1))] = 1;
        else this.#likely.fill(1);
      }
    }
  }

  /** Whether values of the field are compared in lower case. */
  foldsCase(field: string): boolean {
    let folds = this.#folds.get(field);
    if (folds === undefined) {
      folds = this.#stepsOf(field)?.includes("lower") ?? EMAIL_FIELD.test(field);
      this.#folds.set(field, folds);
    }
    return folds;
  }

  /** Whether there is more to normalising the field's values than white space and case. */
  isPlain(field: string): boolean {
    return this.#stepsOf(field)?.includes("digits") !== true;
  }

  /** Whether plain ASCII of this length that begins with these characters may be denied; NaN for one that is not there. */
  mayDeny(length: number, first: number, second: number): boolean {
    return this.#likely[likelihood(length, first, second)] === 1;
  }

  /** Whether a normalised value of the field names nobody. */
  denies(field: string, value: string): boolean {
    const text = value.toLowerCase();
    return this.#everywhere.has(text) || this.#denied.get(field)?.has(text) === true;
  }

  /**
   * The text by which a value identifies: strings and numbers without surrounding white space, normalised as the field's
   * rules say. Undefined where the value names nobody: empty, denied, boolean, null, an object or a list.
   */
  normalise(field: string, value: JsonValue | undefined): string | undefined {
    if (typeof value !== "string" && typeof value !== "number") return undefined;
    // Lone surrogates have no bytes of their own: they are all the same here, as in the hash.
    let text = String(value).trim().toWellFormed();
    if (!this.isPlain(field)) text = text.replaceAll(/[^0-9]/g, "");
    if (this.foldsCase(field)) text = text.toLowerCase();
    if (text === "") return undefined;
    const likely = !PLAIN.test(text) || this.mayDeny(text.length, text.charCodeAt(0), text.charCodeAt(1));
    return likely && this.denies(field, text) ? undefined : text;
  }

  /** The texts by which a field identifies: one of a single value, one each of a list's members. */
  valuesOf(field: string, value: JsonValue | undefined): string[] {
    if (Array.isArray(value)) return [...new Set(value.flatMap((member) => this.normalise(field, member) ?? []))];
    const text = this.normalise(field, value);
    return text === undefined ? [] : [text];
  }

  #stepsOf(field: string): readonly string[] | undefined {
    const { normalise } = this.rules;
    return normalise !== undefined && Object.hasOwn(normalise, field) ? normalise[field] : undefined;
  }
}

/** A number for what a value begins with and how long it is, in either case. */
function likelihood(length: number, first: number, second: number): number {
  return (length * 1_021 ^ (first | 32) << 8 ^ (second | 32)) & 65_535;
}

/** The rules as they are built in. */
export const BUILT_IN_RULES: IdentityRules = new IdentityRules();
