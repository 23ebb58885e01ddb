/**
 * Every profile of a table as a row: what full exports of profiles hold.
 *
 * A row is a flat JSON object: `_ll.raw_customer_id` (where the profile has a `customer_id` that may be shown),
 * `_ll.profile_id`, and the attributes. An attribute that has one of these two names itself is left out.
 *
 * @module
 */
import type { Database, Executor } from "../../database/database.ts";
import { memberPages } from "../member_pages.ts";
import type { FeedMark } from "./feed.ts";
import { imagePages } from "./images.ts";
import { profileLines } from "./profile_lines.ts";
import { ShownEver } from "./past_sums.ts";
import type { FeedRows, FeedSource } from "./shown_profile.ts";

/** What is read. */
export interface ProfileRowsOptions extends FeedSource {
  /** The moment that is shown, of a table that is followed: what `markProfiles` gave. Absent: as the table is. */
  readonly at?: FeedMark | undefined;
}

/**
 * Reads the rows, by ascending profile, from one state of the database that was held after the moment. Memory holds two
 * pages of about a megabyte; it is the caller's to let others onto the thread between two.
 */
export async function* readProfileRows(
  executor: Executor,
  kind: Database["kind"],
  { at, ...source }: ProfileRowsOptions,
): AsyncGenerator<FeedRows> {
  const { target } = source;
  const pages = at === undefined
    ? memberPages(executor, kind, target.scope, { fields: [], after: -1 })
    : imagePages(executor, kind, target, { at, after: -1, untouchedSince: at.epoch });
  const shown = await ShownEver.read(executor, source);
  for await (const page of pages) yield profileLines(page, shown);
}
