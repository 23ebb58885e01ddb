/**
 * A followed profile table as it was at a moment of its feed, from one end to the other, in pages.
 *
 * What is there now is what was there then, but for profiles of which something was noted since.
 *
 * @module
 */
import type { Database, Executor } from "../../database/database.ts";
import type { Target } from "../mapping.ts";
import { type MemberPage, memberPages } from "../member_pages.ts";
import type { FeedMark } from "./feed.ts";
import { epochOf, type NotedPage, notedProfiles, wasThere } from "./noted_profiles.ts";

/** Some profiles that follow one another, as `MemberPage` has them. */
export interface ImagePage extends Pick<MemberPage, "ids" | "bytes" | "rows"> {
  /** The epoch that noted each; undefined for one that is still as it was, and for all where that is so of all. */
  readonly epochs?: readonly (number | undefined)[];
}

/** What is read. */
export interface ImageOptions {
  /** The moment. */
  readonly at: FeedMark;
  /** The last profile to pass over. */
  readonly after: number;
  /** Profiles are passed over of which something was noted later than this epoch, and not later than the moment. */
  readonly untouchedSince: number;
}

/** Profiles by ascending id, as they are stored. Memory holds two pages. */
export async function* imagePages(
  executor: Executor,
  kind: Database["kind"],
  target: Pick<Target, "scope" | "table">,
  { at, after, untouchedSince }: ImageOptions,
): AsyncGenerator<ImagePage> {
  const noted = new NotedAhead(notedProfiles(executor, kind, target, { after, since: untouchedSince }));
  /** Adds what a profile was at the moment, as was noted of it, if it was there. */
  const addNoted = (to: PageBuilder, { id, page, state }: NotedFirst): void => {
    const moment = page.moments[state]!, epoch = epochOf(moment);
    const isThen = id < at.position && epoch > at.epoch && wasThere(moment);
    const attributes = isThen ? page.before.bytesAt(state) : undefined;
    if (attributes !== undefined) to.add(id, attributes, epoch);
  };
  for await (const page of memberPages(executor, kind, target.scope, { fields: [], after })) {
    const ended = page.ids.at(-1)! >= at.position;
    const first = await noted.peek();
    if (!ended && (first === undefined || first.id > page.ids.at(-1)!)) {
      yield page;
      continue;
    }
    const merged = new PageBuilder();
    for (let index = 0; index < page.ids.length; index++) {
      const id = page.ids[index]!;
      if (id >= at.position) break;
      for (let next = await noted.peek(); next !== undefined && next.id < id; next = await noted.peek()) {
        addNoted(merged, next);
        noted.pass();
      }
      const own = await noted.peek();
      if (own?.id !== id) merged.add(id, page.bytes.subarray(page.rows[index], page.rows[index + 1]));
      else {
        addNoted(merged, own);
        noted.pass();
      }
      if (merged.isFull) yield merged.take();
    }
    if (!merged.isEmpty) yield merged.take();
    if (ended) break;
  }
  const rest = new PageBuilder();
  for (let next = await noted.peek(); next !== undefined; next = await noted.peek()) {
    addNoted(rest, next);
    noted.pass();
    if (rest.isFull) yield rest.take();
  }
  if (!rest.isEmpty) yield rest.take();
}

/** The first that was noted of a profile. */
interface NotedFirst {
  readonly id: number;
  readonly page: NotedPage;
  /** Which of the page's states it is. */
  readonly state: number;
}

/** What was noted first, one profile after another. */
class NotedAhead {
  #next: NotedFirst | undefined;
  #ended = false;

  constructor(private readonly pages: AsyncGenerator<NotedPage>) {}

  /** The next one; undefined after the last. */
  async peek(): Promise<NotedFirst | undefined> {
    if (this.#next === undefined && !this.#ended) {
      const { done = false, value } = await this.pages.next();
      this.#ended = done;
      if (!done) this.#next = { id: value.ids[0]!, page: value, state: 0 };
    }
    return this.#next;
  }

  /** Goes on to the one after it. */
  pass(): void {
    if (this.#next === undefined) return;
    const { id, page } = this.#next;
    let { state } = this.#next;
    while (state < page.states && page.ids[state] === id) state++;
    this.#next = state < page.states ? { id: page.ids[state]!, page, state } : undefined;
  }
}

/** Bytes from which on a page is full. */
const FULL = 1 << 20;

/** A page that is put together of others. */
class PageBuilder {
  #ids: number[] = [];
  #parts: Uint8Array[] = [];
  #epochs: (number | undefined)[] = [];
  #bytes = 0;

  get isEmpty(): boolean {
    return this.#ids.length === 0;
  }

  get isFull(): boolean {
    return this.#bytes >= FULL;
  }

  /** Adds one that is as it was, or that an epoch has noted. */
  add(id: number, attributes: Uint8Array, epoch?: number): void {
    this.#ids.push(id);
    this.#parts.push(attributes);
    this.#epochs.push(epoch);
    this.#bytes += attributes.length;
  }

  take(): ImagePage {
    const bytes = new Uint8Array(this.#bytes), rows = new Uint32Array(this.#parts.length + 1);
    for (const [index, part] of this.#parts.entries()) {
      bytes.set(part, rows[index]);
      rows[index + 1] = rows[index]! + part.length;
    }
    const ids = Float64Array.from(this.#ids), epochs = this.#epochs;
    this.#ids = [];
    this.#parts = [];
    this.#epochs = [];
    this.#bytes = 0;
    return { ids, bytes, rows, epochs };
  }
}
