/**
 * Connections that auths give: a run's own, and those kept for a minute between plans and choices.
 *
 * @module
 */
import type { AuthContext } from "../contracts/auth.ts";
import { Failure, throwIfAborted } from "../contracts/failure.ts";
import type { FileStore } from "../contracts/file_store.ts";
import type { Log } from "../contracts/log.ts";
import type { Executor } from "../database/database.ts";
import { untilAborted } from "../files/failures.ts";
import { withDeadline } from "./deadline.ts";
import type { Actor } from "./actor.ts";
import { addressPolicy } from "./address_policy.ts";
import type { EngineContext } from "./context.ts";
import { openMailer } from "./mail/mailer.ts";
import { managedStore } from "./managed/store.ts";
import { treeOf } from "./managed/users.ts";
import { type AuthContextOf, type AuthRow, findAuth, type OpenAuth, openAuth, pinPeer } from "./saved_auths.ts";

/** A connection: what the auth's plugin gives. */
export type Connection = object & AsyncDisposable;

/** How to connect. */
export interface ConnectOptions {
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** How long an unused connection is kept, in milliseconds. */
const KEPT = 60_000;

/** How long a connection may take to close, in milliseconds; then it is left to itself. */
const CLOSING = 10_000;

/**
 * Connects with a saved auth. Whoever calls it disposes of the connection. An identity of the other side that is seen
 * for the first time is pinned; what the plugin logs goes through without the auth's secrets.
 */
export async function openConnection(
  context: AuthContextOf,
  accountId: number,
  auth: string,
  options: ConnectOptions,
): Promise<Connection> {
  const opened = await openAuth(context, await findAuth(context.database.kysely, accountId, auth));
  throwIfAborted(options.signal);
  for (const note of opened.notes) options.log.warn(note);
  const given = await authContext(context, opened, options);
  return await opened.redactor.guard(() => opened.definition.connect(given));
}

/** What the plugin's `connect` and `check` get for an opened auth. */
export async function authContext(
  context: AuthContextOf,
  { row, config, redactor, definition }: OpenAuth,
  { signal, log }: ConnectOptions,
): Promise<AuthContext<OpenAuth["config"]>> {
  return {
    label: row.label,
    config,
    peer: { known: row.peer ?? undefined, pin: (fingerprint) => pinPeer(context, row, fingerprint) },
    addresses: await addressPolicy(row.operator === 1, context),
    signal,
    log: redactor.log(log),
    ...(definition.managedLogin && { managedFiles: managedFilesOf(context, row) }),
    ...(definition.sendsMail && { mailer: openMailer() }),
  };
}

function managedFilesOf({ database, managed }: AuthContextOf, { account_id, id }: AuthRow): FileStore {
  const tree = (executor: Executor) => treeOf(executor, { account: account_id, auth: id });
  return managedStore({ database, contents: managed, tree });
}

interface Kept {
  readonly connecting: Promise<Connection>;
  /** Ends the connecting. */
  readonly stop: AbortController;
  connected: boolean;
  users: number;
  timer: ReturnType<typeof setTimeout> | undefined;
}

/** What connections are made from. */
type ConnectionsContext = AuthContextOf & Pick<EngineContext, "log">;

/** Connections shared by plans and choices of the same auth. */
export class Connections implements AsyncDisposable {
  readonly #context: ConnectionsContext;
  readonly #kept = new Map<string, Kept>();
  readonly #closing = new Set<Promise<void>>();
  #closed = false;

  /** Takes what the connections are made from. */
  constructor(context: ConnectionsContext) {
    this.#context = context;
  }

  /**
   * Lends the auth's connection to `work`. After an error it is not lent again. What connecting pins is put down to
   * `actor`.
   */
  async use<T>(
    auth: AuthRow,
    signal: AbortSignal,
    work: (connection: Connection) => Promise<T>,
    actor?: Actor,
  ): Promise<T> {
    if (this.#closed) throw new Error("The connections are closed");
    // Accounts may choose the same id. A change of the auth must not go unnoticed for a minute.
    const key = `${auth.account_id} ${auth.id} ${auth.updated_at}`;
    const kept = this.#kept.get(key) ?? this.#connect(key, auth, actor);
    clearTimeout(kept.timer);
    kept.users++;
    let sound = false;
    try {
      const connection = await untilAborted(kept.connecting, signal);
      const result = await untilAborted(work(connection), signal);
      sound = true;
      return result;
    } catch (error) {
      // A wrong folder or file says nothing against the connection.
      sound = error instanceof Failure && (error.kind === "config" || error.kind === "data");
      throw error;
    } finally {
      kept.users--;
      if (!sound && this.#kept.get(key) === kept) this.#kept.delete(key);
      this.#settle(key, kept);
    }
  }

  /** Ends what is connecting and disposes of every connection. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    for (const [key, kept] of this.#kept) this.#drop(key, kept);
    await Promise.all(this.#closing);
  }

  #connect(key: string, { account_id, id }: AuthRow, actor: Actor | undefined): Kept {
    const stop = new AbortController();
    const { log } = this.#context;
    const context = actor === undefined ? this.#context : { ...this.#context, actor };
    const connecting = openConnection(context, account_id, id, { signal: stop.signal, log });
    const kept: Kept = { connecting, stop, connected: false, users: 0, timer: undefined };
    connecting.then(() => kept.connected = true, () => {});
    this.#kept.set(key, kept);
    return kept;
  }

  /** Nobody uses it now: keep it for a while, or let it go. */
  #settle(key: string, kept: Kept): void {
    if (kept.users > 0) return;
    if (this.#closed || this.#kept.get(key) !== kept) return this.#drop(key, kept);
    const timer = setTimeout(() => this.#drop(key, kept), KEPT);
    // A connection that waits for its minute to pass must not keep a command from ending.
    Deno.unrefTimer(timer);
    kept.timer = timer;
  }

  #drop(key: string, kept: Kept): void {
    clearTimeout(kept.timer);
    if (this.#kept.get(key) === kept) this.#kept.delete(key);
    if (!kept.connected) kept.stop.abort();
    const closing = closeConnection(kept.connecting, this.#context.log).finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }
}

/**
 * Closes a connection, or one that is still being made. How it ends changes nothing of what was done over it, and
 * whether it was made at all was told to whoever asked for it: neither is an error here.
 */
export async function closeConnection(connection: Connection | Promise<Connection>, log: Log): Promise<void> {
  try {
    await withDeadline("Closing a connection", CLOSING, undefined, async () => {
      await (await connection)[Symbol.asyncDispose]();
    });
  } catch (error) {
    log.debug("A connection ended with an error", { error: error instanceof Error ? error.name : "unknown" });
  }
}
