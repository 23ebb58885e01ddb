/**
 * Profiles as rows of exports show them: without what whoever reads may not see, and under names of ours.
 *
 * @module
 */
import { parseJson } from "../../contracts/json.ts";
import type { JsonValue } from "../../contracts/records.ts";
import { type Kind, shownValue } from "../../lql/mod.ts";
import { CUSTOMER_ID } from "../changes/read_changes.ts";
import { summedKindsOf, type Target } from "../mapping.ts";

/** Names the customer of a row: what the profile's `customer_id` is. */
export const RAW_CUSTOMER_ID = "_ll.raw_customer_id";

/** Names the profile of a row, whether or not it has a customer id: its id, as text. */
export const PROFILE_ID = "_ll.profile_id";

/** The profile table that rows are made of, and for whom. */
export interface FeedSource {
  /** The current generation, as the state has it that is read. */
  readonly target: Target;
  /** Tells the fields that must not be shown; absent where all may be. */
  readonly hidden?: ((field: string) => boolean) | undefined;
}

/** Some rows: JSON objects, a line feed after each, UTF-8. */
export interface FeedRows {
  readonly bytes: Uint8Array;
  readonly rows: number;
}

/** Attributes as they are shown: own properties, whatever their names. */
export type ShownAttributes = Readonly<Record<string, JsonValue>>;

/** Whether an attribute is not shown, or in another way than it is stored. */
export type Showing = "stored" | "hidden" | "converted";

/** What of profiles is shown. */
export class ShownProfiles {
  readonly #kinds: ReadonlyMap<string, Kind>;
  readonly #hidden: (field: string) => boolean;
  /** Whether attributes may be shown just as they are stored, but for names that are ours. */
  readonly asStored: boolean;
  /** How `customer_id` is shown. */
  readonly customer: Showing;

  /** What of a source's profiles is shown, where these fields are sums: by default, those that are now. */
  constructor({ target, hidden }: FeedSource, sums: ReadonlyMap<string, Kind> = summedKindsOf(target.generation)) {
    this.#kinds = sums;
    this.#hidden = hidden ?? (() => false);
    this.asStored = hidden === undefined && this.#kinds.size === 0;
    this.customer = this.how(CUSTOMER_ID);
  }

  /** How an attribute is shown whose name is none of ours. */
  how(name: string): Showing {
    return this.#hidden(name) ? "hidden" : this.#kinds.has(name) ? "converted" : "stored";
  }

  /** Stored attributes as they are shown. */
  attributes(stored: string): ShownAttributes {
    const all = parseJson<Record<string, JsonValue>>(stored);
    // Most often there is nothing to leave out: making another object would take as long again.
    if (this.asStored && !Object.hasOwn(all, RAW_CUSTOMER_ID) && !Object.hasOwn(all, PROFILE_ID)) return all;
    const shown = Object.entries(all).filter(([name]) =>
      name !== RAW_CUSTOMER_ID && name !== PROFILE_ID && !this.#hidden(name)
    );
    return Object.fromEntries(shown.map(([name, value]) => [name, shownValue(this.#kinds.get(name), value)]));
  }
}

/** The members of a row that name its profile, without braces; without a customer where nobody is told. */
export function namesText(id: number, attributes: ShownAttributes | undefined): string {
  const customer = attributes === undefined ? undefined : attributeOf(attributes, CUSTOMER_ID);
  const named = typeof customer === "string" || typeof customer === "number"
    ? `"${RAW_CUSTOMER_ID}":${JSON.stringify(String(customer))},`
    : "";
  return `${named}"${PROFILE_ID}":"${id}"`;
}

/** An attribute, if there is one of the name. */
export function attributeOf(attributes: ShownAttributes, name: string): JsonValue | undefined {
  return Object.hasOwn(attributes, name) ? attributes[name] : undefined;
}

/** Attributes as the text of a JSON object, without its braces. */
export function membersText(attributes: ShownAttributes, names: readonly string[] = Object.keys(attributes)): string {
  return names.map((name) => `${JSON.stringify(name)}:${JSON.stringify(attributes[name])}`).join(",");
}
