/**
 * Opens the audiences of a data directory alone, to be looked at and counted: a command has them in half the time that
 * a whole runtime takes to load.
 *
 * @module
 */
import { statementsFor } from "../profiles/batch_statements.ts";
import type { Actor } from "./actor.ts";
import { AudienceCache } from "./audience_cache.ts";
import { AudienceCounts } from "./audience_counts.ts";
import type { CountThread } from "./count_thread.ts";
import { findAccount } from "./find_account.ts";
import { openHomeDatabase } from "./home_database.ts";
import { SeenAudiences } from "./seen_audiences.ts";

/** Whose audiences. */
export interface OpenAudiencesOptions {
  /** Data directory. */
  readonly home: string;
  /** Account, by name or id; the first unless told. */
  readonly account?: string;
  /** Who looks at them. */
  readonly actor: Actor;
  /** A thread that was started for a count. */
  readonly countThread?: CountThread | undefined;
}

/** Audiences that can be looked at. Disposing of them closes the database. */
export interface OpenAudiences extends AsyncDisposable {
  readonly audiences: SeenAudiences;
}

/** Opens them. Failures as `openRuntime` has them; plugins, the configuration file and the master key are not looked at. */
export async function openAudiences(options: OpenAudiencesOptions): Promise<OpenAudiences> {
  await using stack = new AsyncDisposableStack();
  const { home, database } = await openHomeDatabase(options.home);
  stack.use(database);
  const audienceCounts = stack.use(
    new AudienceCounts({ database: home.database, serves: false, thread: options.countThread }),
  );
  const account = await findAccount(database.kysely, options.account);
  const viewer = { database, accountId: account.id, account, actor: options.actor };
  const parts = { statements: statementsFor(database.kind), audienceCache: new AudienceCache(), audienceCounts };
  const opened = stack.move();
  return {
    audiences: new SeenAudiences(viewer, parts),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}
