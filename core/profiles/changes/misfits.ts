/**
 * Rows of a profile import that do not suit what their profiles hold: an increment of what is no number, a change of the
 * set of what is no list.
 *
 * They are found when they are about to be committed, in the order of the file: each row meets what was committed before
 * and what the rows before it did, be they in the same commit or not. A row is done whole or not at all.
 *
 * @module
 */
import type { Transaction } from "kysely";
import type { Tables } from "../../database/tables.ts";
import type { PositionOf } from "../apply.ts";
import type { Stamp } from "../field_fold.ts";
import type { IdentityHeads } from "../identity_heads.ts";
import type { ProfileBatch } from "../profile_batch.ts";
import { type NamedChange, namesIn, ProfileState } from "../profile_state.ts";
import { resolveIdentities } from "../resolve_identities.ts";
import type { ProfileScope, ProfileStatements } from "../statements.ts";
import type { TableRules } from "../table_rules.ts";
import { cut } from "./read_changes.ts";

/** A row that is to be rejected. */
export interface Misfit {
  readonly event: number;
  /** A sentence without a final period. */
  readonly reason: string;
}

/** Finds them, in the order of the events. Reads, and writes nothing. */
export async function findMisfits(
  transaction: Transaction<Tables>,
  statements: ProfileStatements,
  scope: ProfileScope,
  batch: ProfileBatch,
  positionOf: PositionOf,
  heads?: IdentityHeads,
): Promise<Misfit[]> {
  const { profiles, known } = await resolveIdentities(transaction, statements, scope, batch, heads);
  const people = new People(batch.rules);
  const byProfile = new Map<number, Person>();
  for (let slot = 0; slot < known.length; slot++) {
    const id = known[slot]!;
    let person = byProfile.get(id);
    if (person === undefined) {
      person = { state: id === 0 ? undefined : ProfileState.ofStored(batch.rules, profiles.get(id)), into: undefined };
      if (id !== 0) byProfile.set(id, person);
    }
    people.name(batch.rules.identifyBy[batch.slots.field(slot)]!, batch.slots.value(slot), person);
  }
  const misfits: Misfit[] = [];
  for (let event = 0; event < batch.count; event++) {
    if (!batch.identified(event)) continue;
    const reason = people.take(batch.changes(event), [batch.times[event]!, positionOf(event)]);
    if (reason !== undefined) misfits.push({ event, reason });
  }
  return misfits;
}

/** Somebody who is named in a batch, with what the profile holds so far, if there is one. */
interface Person {
  state: ProfileState | undefined;
  /** Who took this one in. */
  into: Person | undefined;
}

/** Those whom a batch names. */
class People {
  readonly #byName = new Map<string, Person>();

  constructor(private readonly rules: TableRules) {}

  name(field: string, value: string, person: Person): void {
    this.#byName.set(keyOf(field, value), person);
  }

  /** Does what a row does to whom it names; or gives why it does not suit, with nothing done. */
  take(changes: readonly NamedChange[], stamp: Stamp): string | undefined {
    const named = this.#named(changes);
    const [first, ...others] = named;
    if (first === undefined) return undefined;
    const state = others.length === 0 ? first.state : this.#together(named);
    for (const [name, change] of changes) {
      const value = state?.misfit(name, change, stamp);
      if (value === undefined) continue;
      return change.kind === "increment"
        ? `Increments ${JSON.stringify(name)}, which holds ${cut(value)} and no number`
        : `Changes the set ${JSON.stringify(name)}, which holds ${cut(value)} and no list`;
    }
    if (state === undefined) first.state = ProfileState.ofChanges(this.rules, changes, stamp);
    else {
      state.change(changes, stamp);
      first.state = state;
    }
    for (const other of others) other.into = first;
    return undefined;
  }

  #named(changes: readonly NamedChange[]): Person[] {
    const { identifyBy, identity } = this.rules;
    const people = new Set<Person>();
    for (const [name, change] of changes) {
      if (!identifyBy.includes(name)) continue;
      for (const value of namesIn(change)) {
        for (const text of identity.valuesOf(name, value)) people.add(this.#find(keyOf(name, text)));
      }
    }
    return [...people];
  }

  #find(key: string): Person {
    let person = this.#byName.get(key)!;
    while (person.into !== undefined) person = person.into;
    return person;
  }

  /** What they hold as one, as a copy. */
  #together(people: readonly Person[]): ProfileState | undefined {
    const [first, ...rest] = people.flatMap(({ state }) =>
      state === undefined ? [] : [ProfileState.ofStored(this.rules, state.store())]
    );
    for (const other of rest) first!.absorb(other);
    return first;
  }
}

function keyOf(field: string, value: string): string {
  return `${field}\0${value}`;
}
