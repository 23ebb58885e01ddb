/**
 * What the plan and the run of an export read alike: an audience, as it is in one state of the database.
 *
 * @module
 */
import type { ExportReading, ExportSource } from "../../contracts/export_job.ts";
import type { Database } from "../../database/database.ts";
import { statementsFor } from "../../profiles/batch_statements.ts";
import { settingsOf } from "../account_settings.ts";
import { holdState } from "./held_state.ts";
import { exportHistory, type ExportOf } from "./history.ts";
import { openSource, type SourceOwner } from "./open_source.ts";
import { type MemberReading, readMembers } from "./read_members.ts";

/** What is read, and how. */
export interface ReadingInput {
  readonly source: ExportSource;
  readonly owner: Omit<SourceOwner, "settings">;
  /** Which runs are told of as those before. */
  readonly of: ExportOf;
  readonly signal: AbortSignal;
}

/** An open reading. Disposing of it lets the state go. */
export interface OpenReading extends AsyncDisposable {
  readonly reading: MemberReading;
  /** What the plugin gets of it. */
  readonly given: Pick<ExportReading<unknown, unknown>, "audience" | "columns" | "history" | "members">;
}

/** Holds the state that the database is in, and finds in it what is to be read. Failures as `openSource`'s. */
export async function openReading(database: Database, input: ReadingInput): Promise<OpenReading> {
  await using stack = new AsyncDisposableStack();
  const { executor } = stack.use(await holdState(database));
  const { signal, of } = input;
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
      history: exportHistory(executor, of),
      members: ({ after } = {}) => readMembers(reading, after),
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}
