/**
 * One profile while events are folded into it, and the two rows it is stored as.
 *
 * A field holds the value of the event that is greatest by (event time, archive position), whatever order the events
 * come in. The profile's id is the archive position of its first event. So the same events give the same rows, in one
 * batch or in a thousand.
 *
 * @module
 */
import type { JsonValue } from "../contracts/records.ts";
import { normaliseIdentity } from "./identity.ts";

/** When a field was last written: event time, then archive position. */
export type Stamp = readonly [at: number, position: number];

/** A profile as the database holds it. */
export interface StoredProfile {
  readonly id: number;
  /** Event time of its first event. */
  readonly at: number;
  /** JSON object with sorted keys. */
  readonly attributes: string;
  /** What it needs beyond its first event; null for a profile of one event. */
  readonly stamp: StoredStamp | null;
}

/** The second row of a profile that has met more than one event. */
export interface StoredStamp {
  readonly at: number;
  readonly position: number;
  /** JSON: field → stamp, for the fields written before (`at`, `position`). */
  readonly fields: string | null;
  /** JSON: field → identity values other than the field's present one. */
  readonly identities: string | null;
}

/** Whether `a` is later than `b`. */
export function isLater(a: Stamp, b: Stamp): boolean {
  return a[0] > b[0] || (a[0] === b[0] && a[1] > b[1]);
}

/** The stamp of the latest event that wrote to a stored profile. */
export function latestStamp(profile: StoredProfile): Stamp {
  return profile.stamp === null ? [profile.at, profile.id] : [profile.stamp.at, profile.stamp.position];
}

/** A profile being changed. */
export class ProfileState {
  readonly #fields = new Map<string, { value: JsonValue; stamp: Stamp }>();
  readonly #identities = new Map<string, Set<string>>();

  private constructor(public id: number, public at: number, private readonly identifyBy: readonly string[]) {}

  /** A profile made by one event. `attributes` is a JSON object. */
  static ofEvent(identifyBy: readonly string[], attributes: string, stamp: Stamp): ProfileState {
    const state = new ProfileState(stamp[1], stamp[0], identifyBy);
    state.apply(attributes, stamp);
    return state;
  }

  /** A profile as it is stored. */
  static ofStored(identifyBy: readonly string[], stored: StoredProfile): ProfileState {
    const state = new ProfileState(stored.id, stored.at, identifyBy);
    const older: Record<string, Stamp> = JSON.parse(stored.stamp?.fields ?? "{}");
    const latest = latestStamp(stored);
    for (const [name, value] of entries(stored.attributes)) {
      state.#fields.set(name, { value, stamp: Object.hasOwn(older, name) ? older[name]! : latest });
      state.#identify(name, value);
    }
    const identities: Record<string, string[]> = JSON.parse(stored.stamp?.identities ?? "{}");
    for (const [field, values] of Object.entries(identities)) {
      for (const value of values) state.#addIdentity(field, value);
    }
    return state;
  }

  /** Folds one event in. */
  apply(attributes: string, stamp: Stamp): void {
    if (stamp[1] < this.id) [this.at, this.id] = stamp;
    for (const [name, value] of entries(attributes)) {
      this.#write(name, value, stamp);
      this.#identify(name, value);
    }
  }

  /** Folds another profile in: the older id stays. */
  absorb(other: ProfileState): void {
    if (other.id < this.id) [this.at, this.id] = [other.at, other.id];
    for (const [name, { value, stamp }] of other.#fields) this.#write(name, value, stamp);
    for (const [field, values] of other.#identities) for (const value of values) this.#addIdentity(field, value);
  }

  /** Whether the identity names this profile. */
  has(field: string, value: string): boolean {
    return this.#identities.get(field)?.has(value) === true ||
      normaliseIdentity(field, this.#fields.get(field)?.value) === value;
  }

  /** Every identity, by field, in order. */
  identities(): Record<string, string[]> {
    return Object.fromEntries(
      [...this.#identities].sort(byName).map(([field, values]) => [field, [...values].sort()]),
    );
  }

  /** The rows it is stored as. */
  store(): StoredProfile {
    const fields = [...this.#fields].sort(byName);
    let latest: Stamp = [this.at, this.id];
    for (const [, { stamp }] of fields) if (isLater(stamp, latest)) latest = stamp;
    const older = fields.filter(([, { stamp }]) => isLater(latest, stamp));
    const others = [...this.#identities].sort(byName).flatMap(([field, values]) => {
      const present = normaliseIdentity(field, this.#fields.get(field)?.value);
      const rest = [...values].filter((value) => value !== present).sort();
      return rest.length === 0 ? [] : [[field, rest] as const];
    });
    const first = latest[0] === this.at && latest[1] === this.id && older.length === 0 && others.length === 0;
    return {
      id: this.id,
      at: this.at,
      attributes: objectText(fields.map(([name, { value }]) => [name, value])),
      stamp: first ? null : {
        at: latest[0],
        position: latest[1],
        fields: older.length === 0 ? null : objectText(older.map(([name, { stamp }]) => [name, stamp])),
        identities: others.length === 0 ? null : objectText(others),
      },
    };
  }

  #write(name: string, value: JsonValue, stamp: Stamp): void {
    const present = this.#fields.get(name);
    if (present === undefined || isLater(stamp, present.stamp)) this.#fields.set(name, { value, stamp });
  }

  #identify(name: string, value: JsonValue): void {
    if (!this.identifyBy.includes(name)) return;
    const identity = normaliseIdentity(name, value);
    if (identity !== undefined) this.#addIdentity(name, identity);
  }

  #addIdentity(field: string, value: string): void {
    const values = this.#identities.get(field);
    if (values === undefined) this.#identities.set(field, new Set([value]));
    else values.add(value);
  }
}

function entries(attributes: string): [string, JsonValue][] {
  return Object.entries(JSON.parse(attributes) as Record<string, JsonValue>);
}

function byName(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0;
}

/** A JSON object written key by key, so that `__proto__` and number-like keys keep their place. */
function objectText(pairs: readonly (readonly [string, unknown])[]): string {
  return `{${pairs.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(",")}}`;
}
