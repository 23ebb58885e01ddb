/**
 * What changed in a followed profile table, as rows of its feed.
 *
 * A row is `{"profile":{…},"updates":{…}}` with the attributes that are other than they were, `{"deletes":
 * {"attributes":[…]},"profile":{…}}` with the names of those that are gone, both in one, or `{"profile":{…},
 * "deleted":true}`. A profile is named by `_ll.raw_customer_id` (where it has a `customer_id` that may be shown; a
 * deleted one, the last that it had), `_ll.profile_id` and `profiledb_id`.
 *
 * The rows lead from what the table was at the end of *any* epoch from the window's begin on to what it was at its end:
 * who has read other results in between, or an export of all profiles, gets the same. A profile that is what it was at
 * all of these moments has no row. What a profile was that has been erased is not known: it is deleted, and where it is
 * still there, made again.
 *
 * @module
 */
import type { Database, Executor } from "../../database/database.ts";
import { viewOf } from "../byte_stretches.ts";
import type { FeedWindow } from "./feed.ts";
import { ChangeLines } from "./change_lines.ts";
import { ChangedMembers, isSame } from "./changed_members.ts";
import { type ImagePage, imagePages } from "./images.ts";
import { customerIn } from "./member_scan.ts";
import { epochOf, type NotedPage, notedProfiles, wasThere } from "./noted_profiles.ts";
import { ShownEver } from "./past_sums.ts";
import {
  attributeOf,
  type FeedRows,
  type FeedSource,
  membersText,
  namesText,
  type ShownAttributes,
} from "./shown_profile.ts";

/** What is read: `window` as `beginRefresh` gave it. */
export interface ChangeRowsOptions extends FeedSource {
  readonly window: FeedWindow;
}

const decoder = new TextDecoder();

/**
 * Reads the rows from one state of the database that was held after `beginRefresh` was committed: first those of
 * profiles that were there before, or changed after they were made, then those of the others. Memory holds some pages
 * of about a megabyte; it is the caller's to let others onto the thread between two.
 */
export async function* readChangeRows(
  executor: Executor,
  kind: Database["kind"],
  { window, ...source }: ChangeRowsOptions,
): AsyncGenerator<FeedRows> {
  const { target } = source, { from, to } = window;
  const rows = new RowsOf(target.table, await ShownEver.read(executor, source), window);
  for await (const page of notedProfiles(executor, kind, target, { after: -1, since: from.epoch })) {
    rows.addNoted(page);
    if (rows.isFull) yield rows.take();
  }
  if (from.position < to.position) {
    const made = { at: to, after: from.position - 1, untouchedSince: from.epoch };
    for await (const page of imagePages(executor, kind, target, made)) {
      rows.addMade(page);
      if (rows.isFull) yield rows.take();
    }
  }
  if (!rows.isEmpty) yield rows.take();
}

/** What is known of a profile at a moment: its attributes; null where it was not there; undefined where it is erased. */
type Image = ShownAttributes | null | undefined;

/** Puts rows together. */
class RowsOf {
  readonly #lines: ChangeLines;

  constructor(
    private readonly table: number,
    private readonly shown: ShownEver,
    private readonly window: FeedWindow,
  ) {
    this.#lines = new ChangeLines(table);
  }

  get isEmpty(): boolean {
    return this.#lines.rows === 0;
  }

  /** Whether there are as many as are worth to be written. */
  get isFull(): boolean {
    return this.#lines.isFull;
  }

  /** The rows that were added since. */
  take(): FeedRows {
    return this.#lines.take();
  }

  /** Adds the rows of profiles of which something was noted since the window's begin. */
  addNoted(page: NotedPage): void {
    const { ids, states, moments, before, present } = page, { from, to } = this.window;
    const members = new ChangedMembers(before.bytes, present.bytes, this.shown.now);
    for (let first = 0, after = 1; first < states; first = after++) {
      while (after < states && ids[after] === ids[first]) after++;
      const id = ids[first]!;
      // Most often there is one state, of an earlier profile, that leads to what is there now.
      const epoch = epochOf(moments[first]!);
      const isPlain = after === first + 1 && id < from.position && epoch <= to.epoch &&
        !before.isNull(first) && !present.isNull(first) && this.shown.at(epoch) === this.shown.now;
      if (isPlain && members.compare(before.startOf(first), present.startOf(first))) {
        this.#lines.addChanged(id, members);
        before.endsAt(first, members.earlierEnd);
        present.endsAt(first, members.laterEnd);
      } else if (id < to.position) this.#addStates(page, first, after);
    }
  }

  /** Adds the rows of a profile whose states are those from one to before another. */
  #addStates(page: NotedPage, first: number, after: number): void {
    const { from, to } = this.window, id = page.ids[first]!;
    const within: Image[] = [];
    let state = first;
    for (; state < after && epochOf(page.moments[state]!) <= to.epoch; state++) within.push(this.#image(page, state));
    const present = page.present.textAt(after - 1);
    const last = state < after
      ? this.#image(page, state)
      : present === undefined
      ? null
      : this.shown.now.attributes(present);
    // Erased since then: whoever knows of it should forget it.
    if (last === undefined) return this.#deleted(id, undefined);
    if (within.length === 0) return;
    if (id >= from.position) within.unshift(null);
    this.#add(id, within, last);
  }

  #image({ moments, before }: NotedPage, state: number): Image {
    const moment = moments[state]!;
    if (!wasThere(moment)) return null;
    const text = before.textAt(state);
    return text === undefined ? undefined : this.shown.at(epochOf(moment)).attributes(text);
  }

  /** Adds the rows of profiles that were made within the window, and not changed in a later epoch of it. */
  addMade({ ids, bytes, rows, epochs: noted }: ImagePage): void {
    const source = viewOf(bytes);
    for (let index = 0; index < ids.length; index++) {
      const id = ids[index]!, start = rows[index]!, end = rows[index + 1]!, shown = this.shown.at(noted?.[index]);
      const customer = shown.asStored ? customerIn(bytes, start) : undefined;
      if (customer !== undefined) this.#lines.addMade(id, source, customer, start, end);
      else this.#line(id, shown.attributes(decoder.decode(bytes.subarray(start, end))), []);
    }
  }

  /** Adds what leads from any of the images to the last. */
  #add(id: number, images: readonly Image[], last: ShownAttributes | null): void {
    const isUnknown = images.includes(undefined);
    if (last === null) {
      const known = images.findLast((image) => image !== null);
      if (images.some((image) => image !== null)) this.#deleted(id, isUnknown ? undefined : known ?? undefined);
      return;
    }
    if (isUnknown) {
      this.#deleted(id, last);
      this.#line(id, last, []);
      return;
    }
    const names = Object.keys(last);
    const updates = names.filter((name) =>
      images.some((image) => image == null || !isSame(attributeOf(image, name), last[name]!))
    );
    const gone = new Set(
      images.flatMap((image) => Object.keys(image ?? {}).filter((name) => !Object.hasOwn(last, name))),
    );
    if (updates.length === 0 && gone.size === 0 && !images.includes(null)) return;
    this.#line(id, last, [...gone], updates);
  }

  #line(id: number, attributes: ShownAttributes, gone: readonly string[], updates?: readonly string[]): void {
    const members = membersText(attributes, updates);
    const deletes = gone.length === 0 ? "" : `"deletes":{"attributes":${JSON.stringify(gone)}},`;
    // One that has come, though without attributes, is told.
    const set = members === "" && gone.length > 0 ? "" : `,"updates":{${members}}`;
    this.#lines.addText(`{${deletes}${this.#profile(id, attributes)}${set}}\n`);
  }

  #deleted(id: number, attributes: ShownAttributes | undefined): void {
    this.#lines.addText(`{${this.#profile(id, attributes)},"deleted":true}\n`);
  }

  #profile(id: number, attributes: ShownAttributes | undefined): string {
    return `"profile":{${namesText(id, attributes)},"profiledb_id":${this.table}}`;
  }
}
