/**
 * Folds a batch of events into the profiles: merges profiles that share an identity, writes what changed.
 *
 * @module
 */
import type { Transaction } from "kysely";
import type { Tables } from "../database/tables.ts";
import type { CrowdedProfile } from "./crowded.ts";
import { type OpenFeed, openFeed } from "./feed/note.ts";
import { giveBack } from "../contracts/give_back.ts";
import { addIdentities } from "./identity_index.ts";
import type { IdentityHeads } from "./identity_heads.ts";
import type { ProfileBatch } from "./profile_batch.ts";
import { ProfileState, type StoredProfile } from "./profile_state.ts";
import { type Resolution, resolveIdentities } from "./resolve_identities.ts";
import type { ChangedProfile, MovedStamps, NotedProfile, ProfileScope, ProfileStatements } from "./statements.ts";

const encoder = new TextEncoder();
const COMMA = 44, OPEN_LIST = 91, CLOSE_LIST = 93;

/** The archive position of an event of a batch. */
export type PositionOf = (event: number) => number;

/** What a batch did to the profiles. */
export interface ApplyResult {
  readonly created: number;
  /** Profiles whose attributes changed; those that merely were seen again do not count. */
  readonly updated: number;
  /** Profiles that hold more values of an identity field than the table allows. */
  readonly crowded: readonly CrowdedProfile[];
}

/**
 * Applies a batch; `positionOf` gives the archive position of each of its events, which ascend.
 *
 * Runs in the transaction that holds the account's position, so that batches apply in the order of their positions.
 * `heads` is the writer's own, for all of its batches.
 */
export async function applyBatch(
  transaction: Transaction<Tables>,
  statements: ProfileStatements,
  scope: ProfileScope,
  batch: ProfileBatch,
  positionOf: PositionOf,
  heads?: IdentityHeads,
): Promise<ApplyResult> {
  const resolution = await resolveIdentities(transaction, statements, scope, batch, heads);
  const changes = foldEvents(batch, resolution, positionOf);
  const feed = await openFeed(transaction, scope);
  if (feed !== undefined) await statements.noteProfiles(transaction, scope, feed, changedBefore(changes, feed));
  await statements.mergeProfiles(transaction, scope, changes.merges);
  await statements.insertProfiles(transaction, scope, changes.created.length, (index) => {
    const root = changes.created[index]!;
    const folded = changes.folded.get(root);
    return folded === undefined
      ? { id: positionOf(root), at: batch.times[root]!, attributes: batch.attributeBytes(root) }
      : { ...folded, attributes: encoder.encode(folded.attributes) };
  });
  await statements.updateProfiles(transaction, scope, changes.updates);
  await statements.putStamps(transaction, scope, changes.stamps);
  await statements.moveStamps(transaction, scope, changes.moved);
  const identities = resolution.unknown.map(({ slots, keys }) => {
    // Not by `from`, which makes an object of each.
    const profiles = new Float64Array(slots.length);
    for (let index = 0; index < slots.length; index++) {
      profiles[index] = changes.profileOf(batch.owners[slots[index]!]!);
    }
    return { keys, profiles };
  });
  await addIdentities(transaction, scope, identities);
  const created = changes.created.length;
  resolution.beside.giveBack();
  giveBack(resolution.known, changes.created, changes.survivors);
  for (const { slots, keys } of resolution.unknown) giveBack(slots, keys);
  for (const { profiles } of identities) giveBack(profiles);
  return { created, updated: changes.updates.length, crowded: changes.crowded };
}

/** The profiles made before a feed's epoch that are not what they were, ascending. */
function changedBefore({ updates, merges }: Changes, { position }: OpenFeed): NotedProfile[] {
  const all = [...updates, ...merges.map(({ id }) => ({ id, attributes: null }))].filter(({ id }) => id < position);
  return merges.length === 0 ? all : all.sort((a, b) => a.id - b.id);
}

/** What is to be written. */
interface Changes {
  /** Events that are the first of a new profile, in order. */
  readonly created: Int32Array;
  /** Those of them that more than one event made, as they are to be stored. The others are what their event says. */
  readonly folded: ReadonlyMap<number, StoredProfile>;
  readonly updates: ChangedProfile[];
  readonly crowded: CrowdedProfile[];
  readonly stamps: Pick<StoredProfile, "id" | "stamp">[];
  /** Stamps of profiles that were merely seen again, or written anew as a whole. */
  readonly moved: MovedStamps;
  readonly merges: { readonly id: number; readonly into: number }[];
  /** By first event of those of one profile, the profile where it was known. */
  readonly survivors: Float64Array;
  /** The profile that an event went to. */
  profileOf(event: number): number;
}

function foldEvents(batch: ProfileBatch, { profiles, known, beside }: Resolution, positionOf: PositionOf): Changes {
  const ids: number[] = [];
  // By the profile's place, the first event that met it.
  const firsts = new Int32Array(profiles.count).fill(-1);
  for (let slot = 0; slot < known.length; slot++) {
    const id = known[slot]!;
    if (id === 0) continue;
    const owner = batch.owners[slot]!, place = profiles.place(id), first = firsts[place]!;
    if (first < 0) {
      firsts[place] = owner;
      ids.push(id);
    } else if (first !== owner) batch.unite(first, owner);
  }
  // By first event: the oldest known profile it met, and the others where there are several.
  const survivors = new Float64Array(batch.count);
  const others = new Map<number, number[]>();
  for (const id of ids) {
    const root = batch.root(firsts[profiles.place(id)]!), oldest = survivors[root]!;
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
  const updates: ChangedProfile[] = [], merges: Changes["merges"] = [], crowded: CrowdedProfile[] = [];
  const stamps: Changes["stamps"] = [], seen: number[] = [];
  for (let root = 0; root < batch.count; root++) {
    if (!batch.identified(root) || batch.root(root) !== root) continue;
    const events = eventsOf.size === 0 ? undefined : eventsOf.get(root);
    const id = survivors[root]!;
    if (id === 0 && events === undefined && !batch.isChanging(root)) {
      created[createdCount++] = root;
      if (batch.namesSeveral && mayBeCrowded(batch, root)) {
        crowded.push(...crowdedOf(foldAll(batch, positionOf, [root], undefined, [])));
      }
      continue;
    }
    const merged = others.get(root)?.sort((a, b) => a - b);
    if (id !== 0 && merged === undefined && events === undefined && profiles.hasOneStamp(id)) {
      // The common cases of a file imported again: what is there already, and what is there wholly anew.
      const isLatest = batch.times[root]! >= profiles.latest(id);
      if (batch.rules.repeatable && beside.repeats(root, id)) {
        if (isLatest) seen.push(root);
        continue;
      }
      if (isLatest && batch.rules.replaceable && !profiles.hasOtherIdentities(id) && beside.covers(root, id)) {
        updates.push({ id, attributes: batch.attributeBytes(root) });
        seen.push(root);
        continue;
      }
    }
    const survivor = id === 0 ? undefined : profiles.get(id);
    const absorbed = (merged ?? []).map((id) => profiles.get(id));
    const state = foldAll(batch, positionOf, events ?? [root], survivor, absorbed);
    crowded.push(...crowdedOf(state));
    const result = state.store();
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
  seen.sort((a, b) => survivors[a]! - survivors[b]!);
  return {
    created: created.subarray(0, createdCount),
    folded,
    updates,
    crowded,
    stamps,
    moved: {
      ids: seen.map((root) => survivors[root]!),
      ats: seen.map((root) => batch.times[root]!),
      positions: seen.map(positionOf),
    },
    merges,
    survivors,
    profileOf: (event) => {
      const root = batch.root(event);
      return survivors[root] || positionOf(root);
    },
  };
}

/**
 * Whether the event may say more values of one field than the table allows: only a list can, and it has a comma between
 * two members. To know it costs as much as folding the event, which lists of few values should not.
 */
function mayBeCrowded(batch: ProfileBatch, event: number): boolean {
  const { mostValues } = batch.rules.identity;
  // A member is a byte at least, and its comma another.
  if (batch.attributeSize(event) <= 2 * mostValues) return false;
  const bytes = batch.attributeBytes(event);
  const open = bytes.indexOf(OPEN_LIST);
  if (open < 0) return false;
  const close = bytes.lastIndexOf(CLOSE_LIST);
  if (close - open <= 2 * mostValues) return false;
  let commas = 0;
  for (let at = open + 1; at < close; at++) if (bytes[at] === COMMA) commas++;
  return commas >= mostValues;
}

function crowdedOf(state: ProfileState): CrowdedProfile[] {
  return state.crowded().map((field) => ({ id: state.id, field }));
}

function foldAll(
  batch: ProfileBatch,
  positionOf: PositionOf,
  events: readonly number[],
  survivor: StoredProfile | undefined,
  absorbed: readonly StoredProfile[],
): ProfileState {
  const stampOf = (event: number) => [batch.times[event]!, positionOf(event)] as const;
  let state: ProfileState;
  let rest = events;
  if (survivor === undefined) {
    const [first] = events;
    state = batch.isChanging(first!)
      ? ProfileState.ofChanges(batch.rules, batch.changes(first!), stampOf(first!))
      : ProfileState.ofEvent(batch.rules, batch.attributes(first!), stampOf(first!));
    rest = events.slice(1);
  } else {
    state = ProfileState.ofStored(batch.rules, survivor);
  }
  for (const profile of absorbed) state.absorb(ProfileState.ofStored(batch.rules, profile));
  for (const event of rest) {
    if (batch.isChanging(event)) state.change(batch.changes(event), stampOf(event));
    else state.apply(batch.attributes(event), stampOf(event));
  }
  return state;
}
