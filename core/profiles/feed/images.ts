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
import { type NotedProfile, notedProfiles } from "./noted_profiles.ts";

/** Some profiles that follow one another, as `MemberPage` has them. */
export type ImagePage = Pick<MemberPage, "ids" | "bytes" | "rows">;

/** What is read. */
export interface ImageOptions {
  /** The moment. */
  readonly at: FeedMark;
  /** The last profile to pass over. */
  readonly after: number;
  /** Profiles are passed over of which something was noted later than this epoch, and not later than the moment. */
  readonly untouchedSince: number;
}

const encoder = new TextEncoder();

/** Profiles by ascending id, as they are stored. Memory holds two pages. */
export async function* imagePages(
  executor: Executor,
  kind: Database["kind"],
  target: Pick<Target, "scope" | "table">,
  { at, after, untouchedSince }: ImageOptions,
): AsyncGenerator<ImagePage> {
  const noted = new NotedAhead(notedProfiles(executor, kind, target, { after, since: untouchedSince }));
  const textThen = ({ states: [first], id }: NotedProfile): string | null => {
    const isThen = id < at.position && first!.epoch > at.epoch && first!.existed === 1;
    return isThen ? first!.before : null;
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
        merged.addText(next.id, textThen(next));
        noted.pass();
      }
      const own = await noted.peek();
      if (own?.id !== id) merged.add(id, page.bytes.subarray(page.rows[index], page.rows[index + 1]));
      else {
        merged.addText(id, textThen(own));
        noted.pass();
      }
      if (merged.isFull) yield merged.take();
    }
    if (!merged.isEmpty) yield merged.take();
    if (ended) break;
  }
  const rest = new PageBuilder();
  for (let next = await noted.peek(); next !== undefined; next = await noted.peek()) {
    rest.addText(next.id, textThen(next));
    noted.pass();
    if (rest.isFull) yield rest.take();
  }
  if (!rest.isEmpty) yield rest.take();
}

/** What was noted, one profile after another. */
class NotedAhead {
  #page: readonly NotedProfile[] = [];
  #at = 0;
  #ended = false;

  constructor(private readonly pages: AsyncGenerator<NotedProfile[]>) {}

  /** The next one; undefined after the last. */
  async peek(): Promise<NotedProfile | undefined> {
    if (this.#at === this.#page.length && !this.#ended) {
      const { done = false, value } = await this.pages.next();
      this.#ended = done;
      this.#page = done ? [] : value;
      this.#at = 0;
    }
    return this.#page[this.#at];
  }

  /** Goes on to the one after it. */
  pass(): void {
    this.#at++;
  }
}

/** Bytes from which on a page is full. */
const FULL = 1 << 20;

/** A page that is put together of others. */
class PageBuilder {
  #ids: number[] = [];
  #parts: Uint8Array[] = [];
  #bytes = 0;

  get isEmpty(): boolean {
    return this.#ids.length === 0;
  }

  get isFull(): boolean {
    return this.#bytes >= FULL;
  }

  add(id: number, attributes: Uint8Array): void {
    this.#ids.push(id);
    this.#parts.push(attributes);
    this.#bytes += attributes.length;
  }

  addText(id: number, attributes: string | null): void {
    if (attributes !== null) this.add(id, encoder.encode(attributes));
  }

  take(): ImagePage {
    const bytes = new Uint8Array(this.#bytes), rows = new Uint32Array(this.#parts.length + 1);
    for (const [index, part] of this.#parts.entries()) {
      bytes.set(part, rows[index]);
      rows[index + 1] = rows[index]! + part.length;
    }
    const ids = Float64Array.from(this.#ids);
    this.#ids = [];
    this.#parts = [];
    this.#bytes = 0;
    return { ids, bytes, rows };
  }
}
