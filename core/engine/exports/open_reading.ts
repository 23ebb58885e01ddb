/**
 * What the plan and the run of an export read alike: an audience, as it is in one state of the database.
 *
 * @module
 */
import type { ExportReading, ExportSource } from "../../contracts/export_job.ts";
import type { MemberBatch } from "../../contracts/members.ts";
import type { Database } from "../../database/database.ts";
import { statementsFor } from "../../profiles/batch_statements.ts";
import { settingsOf } from "../account_settings.ts";
import { holdState } from "./held_state.ts";
import { openSource, type SourceOwner } from "./open_source.ts";
import { type MemberReading, readMembers } from "./read_members.ts";

/** What is to be read. Plain data. */
export interface ReadingInput {
  readonly source: ExportSource;
  readonly owner: Omit<SourceOwner, "settings">;
}

/** What the plugin gets of it. */
export interface GivenMembers extends Pick<ExportReading<unknown, unknown>, "audience" | "columns"> {
  /** `members` of the contract. */
  members(options?: { readonly after?: number }): AsyncGenerator<MemberBatch>;
}

/** Members that can be read, in one state of the database. Disposing of it lets the state go. */
export interface OpenMembers extends AsyncDisposable {
  readonly given: GivenMembers;
}

/** The same, for what else is to be read in that state. */
export interface OpenReading extends OpenMembers {
  readonly reading: MemberReading;
}

/** Holds the state that the database is in, and finds in it what is to be read. Failures as `openSource`'s. */
export async function openReading(database: Database, input: ReadingInput, signal: AbortSignal): Promise<OpenReading> {
  await using stack = new AsyncDisposableStack();
  const { executor } = stack.use(await holdState(database));
  const owner = { ...input.owner, settings: await settingsOf(executor, input.owner.account) };
  const source = await openSource(executor, owner, input.source);
  const { kind } = database;
  const reading = { executor, kind, statements: statementsFor(kind), source, now: await database.now(), signal };
  const held = stack.move();
  return {
    reading,
    given: {
      audience: source.audience,
      columns: source.columns,
      members: ({ after } = {}) => readMembers(reading, after),
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}
