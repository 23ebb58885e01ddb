/**
 * Looks up which of a batch's identities are known, and the profiles that they name.
 *
 * @module
 */
import type { Transaction } from "kysely";
import type { Tables } from "../database/tables.ts";
import { BesideProfiles } from "./beside_profiles.ts";
import { giveBack } from "../contracts/give_back.ts";
import type { IdentityHeads } from "./identity_heads.ts";
import { findIdentities } from "./identity_index.ts";
import { KnownProfiles } from "./known_profiles.ts";
import type { ProfileBatch } from "./profile_batch.ts";
import { ProfileState } from "./profile_state.ts";
import type { ProfileScope, ProfileStatements } from "./statements.ts";

/** Identities and their places in the index, side by side, in the order of the keys. */
interface Places {
  readonly slots: Int32Array;
  readonly keys: BigUint64Array;
}

/** Which of a batch's identities the database knows. */
export interface Resolution {
  readonly profiles: KnownProfiles;
  /** For each slot, the profile it names, or 0. */
  readonly known: Float64Array;
  /** The batch's events beside those profiles. */
  readonly beside: BesideProfiles;
  /** The identities that the index lacks and the places they are to have, by attempt. */
  readonly unknown: readonly Places[];
}

/**
 * Looks the batch's identities up. A hash proves nothing: a found profile must hold the value, else the identity's
 * next place is looked at.
 */
export async function resolveIdentities(
  transaction: Transaction<Tables>,
  statements: ProfileStatements,
  scope: ProfileScope,
  batch: ProfileBatch,
  heads: IdentityHeads | undefined,
): Promise<Resolution> {
  const profiles = new KnownProfiles();
  const states = new Map<number, ProfileState>();
  const known = new Float64Array(batch.slots.count);
  const beside = new BesideProfiles(batch, profiles);
  const unknown: Places[] = [];
  let pending = new Int32Array(batch.slots.count);
  for (let slot = 0; slot < pending.length; slot++) pending[slot] = slot;
  for (let attempt = 0; pending.length > 0; attempt++) {
    const sorted = batch.slots.sortedKeys(pending, attempt);
    const taken = new Set(attempt === 0 ? [] : unknown.flatMap(({ keys }) => [...keys]));
    const { slots, keys, rivals } = withoutRivals(sorted.slots, sorted.keys, taken);
    const found = await findIdentities(transaction, scope, keys, heads);
    await loadFound(transaction, statements, scope, found, profiles);
    const candidates = new Float64Array(batch.slots.count);
    for (let index = 0; index < slots.length; index++) candidates[slots[index]!] = found[index]!;
    const next: number[] = [];
    // In the order of the slots, not of the keys: events side by side mostly name profiles side by side.
    for (let index = 0; index < pending.length; index++) {
      const slot = pending[index]!, id = candidates[slot]!;
      if (id === 0) continue;
      if (names(batch, { profiles, beside }, states, id, slot)) known[slot] = id;
      else next.push(slot);
    }
    for (const { slot, first } of rivals) {
      const id = first === undefined ? 0 : found[first]!;
      if (id !== 0 && names(batch, { profiles, beside }, states, id, slot)) known[slot] = id;
      else next.push(slot);
    }
    unknown.push(unfound(slots, keys, found));
    giveBack(sorted.slots, sorted.keys, slots, keys, found, candidates, pending);
    pending = Int32Array.from(next);
  }
  return { profiles, known, beside, unknown };
}

/** Those that were not found. Of a new file that is all of them; a copy by `filter` would make an object of each key. */
function unfound(slots: Int32Array, keys: BigUint64Array, found: Float64Array): Places {
  const from = new Int32Array(keys.buffer, keys.byteOffset), to = new Int32Array(from.length);
  const left = new Int32Array(slots.length);
  let count = 0;
  for (let index = 0; index < found.length; index++) {
    if (found[index] !== 0) continue;
    left[count] = slots[index]!;
    to[2 * count] = from[2 * index]!;
    to[2 * count + 1] = from[2 * index + 1]!;
    count++;
  }
  return { slots: left.subarray(0, count), keys: new BigUint64Array(to.buffer, 0, count) };
}

/** Loads the profiles found; those that were merged away give way, in `found` too, to those that took them in. */
async function loadFound(
  transaction: Transaction<Tables>,
  statements: ProfileStatements,
  scope: ProfileScope,
  found: Float64Array,
  profiles: KnownProfiles,
): Promise<void> {
  const load = async (ids: Iterable<number>) => {
    const lacking = [...ids].filter((id) => !profiles.has(id));
    for (const columns of await statements.loadProfiles(transaction, scope, lacking)) profiles.add(columns);
    return lacking.filter((id) => !profiles.has(id));
  };
  const ids = distinct(found), gone = await load(ids);
  giveBack(ids);
  if (gone.length === 0) return;
  const merges = await statements.findMerges(transaction, scope, gone);
  await load(distinct(Float64Array.from(merges.values())));
  for (const [index, id] of found.entries()) found[index] = merges.get(id) ?? id;
}

/** The ids, each once, ascending; without 0. */
function distinct(ids: Float64Array): Float64Array {
  const sorted = ids.slice().sort();
  let count = 0;
  for (const id of sorted) if (id !== 0 && (count === 0 || id !== sorted[count - 1])) sorted[count++] = id;
  return sorted.subarray(0, count);
}

/** Whether the profile really holds the slot's value; an event that says the same of the field settles it. */
function names(
  batch: ProfileBatch,
  { profiles, beside }: Pick<Resolution, "profiles" | "beside">,
  states: Map<number, ProfileState>,
  id: number,
  slot: number,
): boolean {
  const field = batch.slots.field(slot);
  if (beside.agrees(batch.owners[slot]!, id, field)) return true;
  let state = states.get(id);
  if (state === undefined) {
    state = ProfileState.ofStored(batch.rules, profiles.get(id));
    states.set(id, state);
  }
  return state.has(batch.rules.identifyBy[field]!, batch.slots.value(slot));
}

/** A slot whose key another slot of the batch has as well. */
interface Rival {
  readonly slot: number;
  /** Place of the slot that stands for the key; undefined where an earlier attempt took it. */
  readonly first: number | undefined;
}

/** Two values of one batch may have one key: one stands for it, the others are its rivals. */
function withoutRivals(
  slots: Int32Array,
  keys: BigUint64Array,
  taken: ReadonlySet<bigint>,
): { slots: Int32Array; keys: BigUint64Array; rivals: Rival[] } {
  const rivals: Rival[] = [];
  const isRival = new Uint8Array(slots.length);
  let kept = 0;
  const halves = new Int32Array(keys.buffer, keys.byteOffset);
  for (let index = 0; index < slots.length; index++) {
    const repeats = index > 0 && halves[2 * index] === halves[2 * index - 2] &&
      halves[2 * index + 1] === halves[2 * index - 1];
    const isTaken = taken.size > 0 && taken.has(keys[index]!);
    if (!repeats && !isTaken) kept++;
    else {
      isRival[index] = 1;
      rivals.push({ slot: slots[index]!, first: isTaken ? undefined : kept - 1 });
    }
  }
  const stays = (_: unknown, index: number) => isRival[index] === 0;
  const left = rivals.length === 0 ? { slots, keys } : { slots: slots.filter(stays), keys: keys.filter(stays) };
  giveBack(isRival);
  return { ...left, rivals };
}
