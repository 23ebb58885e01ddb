/**
 * Folds a batch of events into the profiles: resolves identities, merges profiles that share one, writes what changed.
 *
 * @module
 */
import type { Transaction } from "kysely";
import type { Tables } from "../database/tables.ts";
import type { ProfileBatch } from "./profile_batch.ts";
import { isLater, latestStamp, ProfileState, type Stamp, type StoredProfile } from "./profile_state.ts";
import type { ProfileScope, ProfileStatements } from "./statements.ts";

/** What a batch did to the profiles. */
export interface ApplyResult {
  readonly created: number;
  /** Profiles whose attributes changed; those that merely were seen again do not count. */
  readonly updated: number;
  /** Whether most identities were new: what to expect of the next batch. */
  readonly mostlyNew: boolean;
}

/**
 * Applies a batch whose first event has the archive position `position`.
 *
 * Runs in the transaction that holds the account's position, so that batches apply in the order of their positions.
 * With `expectNew`, identities are added first and looked up only where some were there already: for a first import
 * that saves every look-up. The result is the same either way.
 */
export async function applyBatch(
  transaction: Transaction<Tables>,
  statements: ProfileStatements,
  scope: ProfileScope,
  batch: ProfileBatch,
  position: number,
  expectNew: boolean,
): Promise<ApplyResult> {
  const resolution = await resolveIdentities(transaction, statements, scope, batch, position, expectNew);
  const changes = foldEvents(batch, resolution, position);
  await statements.mergeProfiles(transaction, scope, changes.merges);
  await statements.insertProfiles(transaction, scope, changes.created.length, (index) => {
    const root = changes.created[index]!;
    return changes.folded.get(root) ??
      { id: position + root, at: batch.times[root]!, attributes: batch.attributes(root) };
  });
  await statements.updateProfiles(transaction, scope, changes.updates);
  await statements.putStamps(transaction, scope, changes.stamps);
  for (const { placed, slots, keys } of resolution.added) {
    // Nothing known was met, so the profiles they were placed with are the right ones.
    if (placed !== undefined && resolution.profiles.size === 0) continue;
    const profiles = Float64Array.from(slots, (slot) => changes.profileOf(batch.owners[slot]!));
    if (placed === undefined) {
      await statements.insertIdentities(transaction, scope, { keys, profiles });
      continue;
    }
    const moved = (_: unknown, index: number) => profiles[index] !== placed[index];
    if (profiles.some(moved)) {
      const moves = { keys: keys.filter(moved), profiles: profiles.filter(moved) };
      await statements.updateIdentities(transaction, scope, moves);
    }
  }
  const fresh = resolution.added.reduce((sum, { slots }) => sum + slots.length, 0);
  return {
    created: changes.created.length,
    updated: changes.updates.length,
    mostlyNew: 2 * fresh > batch.slots.count,
  };
}

/** Identities that the database did not know: slots and keys side by side, keys ascending. */
interface AddedIdentities {
  /** The profiles they name in the database by now; undefined where they are not there yet. */
  readonly placed: Float64Array | undefined;
  readonly slots: Int32Array;
  readonly keys: BigInt64Array;
}

/** Which of a batch's identities the database knows. */
interface Resolution {
  /** Known profiles by id. */
  readonly profiles: ReadonlyMap<number, StoredProfile>;
  /** For each slot, the profile it names, or 0. */
  readonly known: Float64Array;
  /** For each event, the profile that says just what it says; 0 where nobody looked, -1 where it is another one. */
  readonly same: Float64Array;
  /** The others, by attempt. */
  readonly added: readonly AddedIdentities[];
}

/**
 * Looks the batch's identities up. A hash proves nothing: a found profile must hold the value, else the identity's
 * next place is looked at.
 */
async function resolveIdentities(
  transaction: Transaction<Tables>,
  statements: ProfileStatements,
  scope: ProfileScope,
  batch: ProfileBatch,
  position: number,
  expectNew: boolean,
): Promise<Resolution> {
  const profiles = new Map<number, StoredProfile>();
  const states = new Map<number, ProfileState>();
  const known = new Float64Array(batch.slots.count);
  const same = new Float64Array(batch.count);
  const added: AddedIdentities[] = [];
  let pending = Int32Array.from({ length: batch.slots.count }, (_, slot) => slot);
  for (let attempt = 0; pending.length > 0; attempt++) {
    const sorted = batch.slots.sortedKeys(pending, attempt);
    const taken = new Set(attempt === 0 ? [] : added.flatMap(({ keys }) => [...keys]));
    const { slots, keys, rivals } = withoutRivals(sorted.slots, sorted.keys, taken);
    const placed = expectNew ? firstProfiles(batch, slots, position) : undefined;
    if (
      placed !== undefined &&
      await statements.insertIdentities(transaction, scope, { keys, profiles: placed }) === keys.length
    ) {
      added.push({ placed, slots, keys });
      pending = Int32Array.from(rivals, ({ slot }) => slot);
      continue;
    }
    const found = await statements.findIdentities(transaction, scope, keys);
    const ids = olderIds(found, position).filter((id) => !profiles.has(id));
    for (const profile of await statements.loadProfiles(transaction, scope, ids)) {
      profiles.set(profile.id, profile);
    }
    // What names a profile of this batch was added just now: older profiles have smaller ids.
    const isKnown = (slot: number, id: number) =>
      id !== 0 && id < position && names(batch, { profiles, same }, states, id, slot);
    const next: number[] = [];
    const fresh = new Uint8Array(slots.length);
    for (let index = 0; index < slots.length; index++) {
      const slot = slots[index]!, id = found[index]!;
      if (id === 0 || id >= position) fresh[index] = 1;
      else if (isKnown(slot, id)) known[slot] = id;
      else next.push(slot);
    }
    for (const { slot, first } of rivals) {
      const id = first === undefined ? 0 : found[first]!;
      if (isKnown(slot, id)) known[slot] = id;
      else next.push(slot);
    }
    const isFresh = (_: unknown, index: number) => fresh[index] === 1;
    added.push({ placed: placed?.filter(isFresh), slots: slots.filter(isFresh), keys: keys.filter(isFresh) });
    pending = Int32Array.from(next);
  }
  return { profiles, known, same, added };
}

/** The ids below `position`, each once, ascending. */
function olderIds(found: Float64Array, position: number): Float64Array {
  const sorted = found.slice().sort();
  let count = 0;
  for (let index = 0; index < sorted.length; index++) {
    const id = sorted[index]!;
    if (id !== 0 && id < position && (count === 0 || id !== sorted[count - 1])) sorted[count++] = id;
  }
  return sorted.subarray(0, count);
}

/** Whether the profile really holds the slot's value; an event that says just what the profile says settles it. */
function names(
  batch: ProfileBatch,
  { profiles, same }: Pick<Resolution, "profiles" | "same">,
  states: Map<number, ProfileState>,
  id: number,
  slot: number,
): boolean {
  const profile = profiles.get(id)!, event = batch.owners[slot]!;
  if (same[event] === 0) same[event] = batch.attributes(event) === profile.attributes ? id : -1;
  if (same[event] === id) return true;
  let state = states.get(id);
  if (state === undefined) {
    state = ProfileState.ofStored(batch.identifyBy, profile);
    states.set(id, state);
  }
  return state.has(batch.identifyBy[batch.slots.field(slot)]!, batch.slots.value(slot));
}

/** The profiles that slots name as far as the batch alone can tell. */
function firstProfiles(batch: ProfileBatch, slots: Int32Array, position: number): Float64Array {
  const profiles = new Float64Array(slots.length);
  for (let index = 0; index < slots.length; index++) {
    profiles[index] = position + batch.root(batch.owners[slots[index]!]!);
  }
  return profiles;
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
  keys: BigInt64Array,
  taken: ReadonlySet<bigint>,
): { slots: Int32Array; keys: BigInt64Array; rivals: Rival[] } {
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
  if (rivals.length === 0) return { slots, keys, rivals };
  const stays = (_: unknown, index: number) => isRival[index] === 0;
  return { slots: slots.filter(stays), keys: keys.filter(stays), rivals };
}

/** What is to be written. */
interface Changes {
  /** Events that are the first of a new profile, in order. */
  readonly created: Int32Array;
  /** Those of them that more than one event made, as they are to be stored. The others are what their event says. */
  readonly folded: ReadonlyMap<number, StoredProfile>;
  readonly updates: StoredProfile[];
  readonly stamps: Pick<StoredProfile, "id" | "stamp">[];
  readonly merges: { readonly id: number; readonly into: number }[];
  /** The profile that an event went to. */
  profileOf(event: number): number;
}

function foldEvents(batch: ProfileBatch, { profiles, known, same }: Resolution, position: number): Changes {
  const firstOf = new Map<number, number>();
  for (let slot = 0; slot < known.length; slot++) {
    const id = known[slot]!;
    if (id === 0) continue;
    const owner = batch.owners[slot]!, first = firstOf.get(id);
    if (first === undefined) firstOf.set(id, owner);
    else batch.unite(first, owner);
  }
  // By first event: the oldest known profile it met, and the others where there are several.
  const survivors = new Float64Array(batch.count);
  const others = new Map<number, number[]>();
  for (const [id, event] of firstOf) {
    const root = batch.root(event), oldest = survivors[root]!;
    if (oldest === 0) survivors[root] = id;
    else {
      survivors[root] = Math.min(oldest, id);
      const more = Math.max(oldest, id);
      others.get(root)?.push(more) ?? others.set(root, [more]);
    }
  }
  const eventsOf = new Map<number, number[]>();
  for (let event = 0; event < batch.count; event++) {
    const root = batch.root(event);
    if (root !== event) eventsOf.get(root)?.push(event) ?? eventsOf.set(root, [root, event]);
  }
  const created = new Int32Array(batch.count), folded = new Map<number, StoredProfile>();
  let createdCount = 0;
  const updates: StoredProfile[] = [], merges: Changes["merges"] = [];
  const stamps: Changes["stamps"] = [];
  for (let root = 0; root < batch.count; root++) {
    if (!batch.identified(root) || batch.root(root) !== root) continue;
    const events = eventsOf.size === 0 ? undefined : eventsOf.get(root);
    const survivor = survivors[root] === 0 ? undefined : profiles.get(survivors[root]!)!;
    if (survivor === undefined && events === undefined) {
      created[createdCount++] = root;
      continue;
    }
    const merged = others.get(root)?.sort((a, b) => a - b);
    if (
      survivor !== undefined && merged === undefined && events === undefined &&
      same[root] === survivor.id && survivor.stamp?.fields == null
    ) {
      const seen = seenAgain(survivor, [batch.times[root]!, position + root]);
      if (seen !== undefined) stamps.push(seen);
      continue;
    }
    const absorbed = (merged ?? []).map((id) => profiles.get(id)!);
    const result = fold(batch, position, events ?? [root], survivor, absorbed);
    if (survivor === undefined) {
      created[createdCount++] = root;
      folded.set(root, result);
    } else {
      for (const { id } of absorbed) merges.push({ id, into: survivor.id });
      if (result.attributes !== survivor.attributes) updates.push(result);
    }
    stamps.push(result);
  }
  updates.sort((a, b) => a.id - b.id);
  stamps.sort((a, b) => a.id - b.id);
  return {
    created: created.subarray(0, createdCount),
    folded,
    updates,
    stamps,
    merges,
    profileOf: (event) => {
      const root = batch.root(event);
      return survivors[root] || position + root;
    },
  };
}

/**
 * The common case of a file imported again: the event says just what the profile says, whose fields all have one stamp.
 * Gives the new stamp, or undefined where the event is no later.
 */
function seenAgain(profile: StoredProfile, stamp: Stamp): Pick<StoredProfile, "id" | "stamp"> | undefined {
  if (!isLater(stamp, latestStamp(profile))) return undefined;
  const identities = profile.stamp?.identities ?? null;
  return { id: profile.id, stamp: { at: stamp[0], position: stamp[1], fields: null, identities } };
}

function fold(
  batch: ProfileBatch,
  position: number,
  events: readonly number[],
  survivor: StoredProfile | undefined,
  absorbed: readonly StoredProfile[],
): StoredProfile {
  const stampOf = (event: number) => [batch.times[event]!, position + event] as const;
  let state: ProfileState;
  let rest = events;
  if (survivor === undefined) {
    state = ProfileState.ofEvent(batch.identifyBy, batch.attributes(events[0]!), stampOf(events[0]!));
    rest = events.slice(1);
  } else {
    state = ProfileState.ofStored(batch.identifyBy, survivor);
  }
  for (const profile of absorbed) state.absorb(ProfileState.ofStored(batch.identifyBy, profile));
  for (const event of rest) state.apply(batch.attributes(event), stampOf(event));
  return state.store();
}
