/**
 * Saved authorisations.
 *
 * @module
 */
import type { CheckResult } from "../contracts/auth.ts";
import { Failure } from "../contracts/failure.ts";
import type { JsonValue } from "../contracts/records.ts";
import type { Executor } from "../database/database.ts";
import { isUniqueViolation } from "../database/unique_violation.ts";
import { parseConfig, readConfig, splitSecrets } from "../describe/mod.ts";
import { isOperator, makerOf } from "./actor.ts";
import { addressPolicy } from "./address_policy.ts";
import { audit, type AuditEntry } from "./audit.ts";
import { authContext } from "./connections.ts";
import type { EngineContext } from "./context.ts";
import type { Alive } from "./alive.ts";
import { isId, newId } from "./ids.ts";
import { isoTime } from "./iso_time.ts";
import { forgetAuthFiles } from "./ledger.ts";
import { type HashedLogin, hashedLogin, removeUser, saveUser } from "./managed/users.ts";
import { checkLabel, freeLabel, labelTaken } from "./label.ts";
import { changedNames } from "./changed_names.ts";
import { changedTokens, OAUTH_KEY, type OAuthTokens } from "./oauth_tokens.ts";
import type { AuthInput, Auths, Change, ConfigInput, DeletedAuth, OAuthInput } from "./runtime.ts";
import { type AuthRow, findAuth, openAuth, storedConfig, storedOAuth } from "./saved_auths.ts";
import { redactor, secretStrings } from "./redact.ts";
import { stopRuns } from "./stop_runs.ts";
import { authSecrets } from "./vault.ts";
import type { AuthView } from "./views.ts";
import { OPEN_STATUSES } from "./claim.ts";

/** The auths of the context's account. `alive` tells who is there to execute runs. */
export function authsOf(context: EngineContext, alive: () => Promise<Alive>): Auths {
  return new SavedAuths(context, alive);
}

/** What saving a configuration changes. */
interface Stored {
  readonly columns: Pick<AuthRow, "config" | "secrets" | "secret_names" | "operator">;
  /** The account on the managed server that it describes. */
  readonly login?: HashedLogin;
}

class SavedAuths implements Auths {
  readonly #context: EngineContext;
  readonly #alive: () => Promise<Alive>;

  constructor(context: EngineContext, alive: () => Promise<Alive>) {
    this.#context = context;
    this.#alive = alive;
  }

  async create(input: AuthInput): Promise<AuthView> {
    const { database, registry, accountId } = this.#context;
    const { provider } = registry.auth(input.method);
    const label = input.label === undefined ? undefined : checkLabel(input.label);
    const id = input.id ?? newId();
    if (!isId(id)) {
      throw new Failure("config", `"${id.slice(0, 64)}" cannot be the id of an auth`, {
        hint: "Give 32 hex digits in lower case, or let Waybill choose one",
      });
    }
    const now = await database.now();
    const { columns, login } = await this.#store(id, input.method, input.config, changedTokens({}, input.oauth ?? {}));
    const row: Omit<AuthRow, "label"> = {
      account_id: accountId,
      id,
      provider_id: provider.id,
      method: input.method,
      description: input.description ?? "",
      ...columns,
      peer: null,
      ...makerOf(this.#context.actor),
      created_at: now,
      updated_at: now,
    };
    try {
      return await database.write(async (transaction) => {
        await this.#refuseTaken(transaction, id);
        const made: AuthRow = { ...row, label: label ?? await this.#freeLabel(transaction, input.method) };
        await transaction.insertInto("auths").values(made).execute();
        await this.#provide(transaction, id, login, now);
        await this.#audit(transaction, "create", made, { method: made.method });
        return this.#view(made);
      });
    } catch (error) {
      throw isUniqueViolation(error) && label !== undefined ? labelTaken("auth", label) : error;
    }
  }

  /** A label for an auth that was given none; free until the transaction ends. */
  async #freeLabel(transaction: Executor, method: string): Promise<string> {
    const rows = await transaction.selectFrom("auths").select("label")
      .where("account_id", "=", this.#context.accountId).execute();
    return freeLabel(method, rows.map(({ label }) => label));
  }

  async list(): Promise<AuthView[]> {
    const { database, accountId } = this.#context;
    const rows = await database.kysely.selectFrom("auths").selectAll().where("account_id", "=", accountId)
      .orderBy("label").execute();
    return rows.map((row) => this.#view(row));
  }

  async get(auth: string): Promise<AuthView> {
    return this.#view(await this.#find(auth));
  }

  async update(auth: string, change: Change & { readonly oauth?: OAuthInput }): Promise<AuthView> {
    const { database } = this.#context;
    const label = change.label === undefined ? undefined : checkLabel(change.label);
    const { oauth = {} } = change;
    const before = await this.#find(auth);
    // Beforehand: what it takes to check a key must not keep others from writing.
    const stored = await this.#changed(before, change);
    try {
      return await database.write(async (transaction) => {
        const row = await this.#find(before.id, transaction);
        const { columns, login } = row.updated_at === before.updated_at ? stored : await this.#changed(row, change);
        const changed: AuthRow = {
          ...row,
          ...(label === undefined ? {} : { label }),
          ...(change.description === undefined ? {} : { description: change.description }),
          ...columns,
          updated_at: Math.max(await database.now(), row.updated_at + 1),
        };
        await transaction.updateTable("auths").set(changed)
          .where("account_id", "=", row.account_id).where("id", "=", row.id).execute();
        await this.#provide(transaction, row.id, login, changed.updated_at);
        await this.#audit(transaction, "update", changed, { changed: changedNames({ ...change, ...oauth }) });
        return this.#view(changed);
      });
    } catch (error) {
      throw isUniqueViolation(error) && label !== undefined ? labelTaken("auth", label) : error;
    }
  }

  async delete(auth: string): Promise<DeletedAuth> {
    const { database, accountId } = this.#context;
    const alive = await this.#alive();
    return await database.write(async (transaction) => {
      const row = await this.#find(auth, transaction);
      const { id, label } = row;
      const now = await database.now();
      const runs = await transaction.selectFrom("runs").selectAll().where("account_id", "=", accountId)
        .where("auth_id", "=", id).where("status", "in", OPEN_STATUSES)
        .orderBy("created_at").orderBy("id").execute();
      const because = {
        queued: `Auth "${label}" was deleted while the run waited`,
        interrupted: `Auth "${label}" was deleted while no process worked on the run`,
      };
      await stopRuns(transaction, runs, { alive, now, because });
      const jobs = await transaction.updateTable("jobs").set({ auth_id: null, status: "paused", updated_at: now })
        .where("account_id", "=", accountId).where("auth_id", "=", id).returning(["id", "label"]).execute();
      await transaction.deleteFrom("auths").where("account_id", "=", accountId).where("id", "=", id).execute();
      await forgetAuthFiles(transaction, accountId, id);
      await removeUser(transaction, { account: accountId, auth: id });
      await this.#audit(transaction, "delete", row, { stopped_runs: runs.map((run) => run.id) });
      for (const job of jobs) {
        const detail = { because: `Auth "${label}" was deleted` };
        await audit(transaction, this.#context, { action: "pause", kind: "job", id: job.id, label: job.label, detail });
      }
      return { jobs: jobs.map((job) => job.label).sort(), runs: runs.map((run) => run.id) };
    });
  }

  async *check(auth: string, options: { readonly signal?: AbortSignal } = {}): AsyncIterable<CheckResult> {
    const stop = new AbortController();
    const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
    const opened = await openAuth(this.#context, await this.#find(auth));
    const given = await authContext(this.#context, opened, { signal, log: this.#context.log });
    const text = opened.redactor.text;
    let last: CheckResult | undefined;
    try {
      await using connection = await opened.definition.connect(given);
      for await (const { detail, hint, ...result } of opened.definition.check(connection, given)) {
        last = { ...result, detail: text(detail), ...(hint === undefined ? {} : { hint: text(hint) }) };
        yield last;
      }
    } catch (error) {
      const failure = opened.redactor.error(error);
      // A plugin may have told of it already.
      if (failure instanceof Failure && failure.kind !== "cancelled" && last?.ok !== false) {
        const { message: detail, hint } = failure;
        yield { name: "connection", ok: false, detail, ...(hint === undefined ? {} : { hint }) };
      }
      throw failure;
    } finally {
      stop.abort();
    }
  }

  async trustPeer(
    auth: string,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<{ readonly before: string | null; readonly now: string }> {
    const { database, log } = this.#context;
    const row = await this.#find(auth);
    // What is remembered stays until the other side was reached; `pin` only takes note.
    const opened = await openAuth(this.#context, { ...row, peer: null });
    const signal = options.signal ?? new AbortController().signal;
    let now: string | undefined;
    const given = await authContext(this.#context, opened, { signal, log });
    const peer = {
      known: undefined,
      pin: (fingerprint: string) => {
        now = fingerprint;
        return Promise.resolve();
      },
    };
    await using _connection = await opened.redactor.guard(() => opened.definition.connect({ ...given, peer }));
    if (now === undefined) {
      throw new Failure("config", `The other side of auth "${row.label}" shows no identity that could be trusted`, {
        hint: `Auth method "${row.method}" needs none`,
      });
    }
    const updated_at = Math.max(await database.now(), row.updated_at + 1);
    const pinned = { before: row.peer, now };
    await database.write(async (transaction) => {
      await transaction.updateTable("auths").set({ peer: pinned.now, updated_at })
        .where("account_id", "=", row.account_id).where("id", "=", row.id).execute();
      await this.#audit(transaction, "trust-host-key", row, pinned);
    });
    return pinned;
  }

  #find(auth: string, executor: Executor = this.#context.database.kysely): Promise<AuthRow> {
    return findAuth(executor, this.#context.accountId, auth);
  }

  /** What a change to the configuration changes. */
  async #changed(
    row: AuthRow,
    { config, oauth = {} }: { readonly config?: ConfigInput; readonly oauth?: OAuthInput },
  ): Promise<Partial<Stored>> {
    if (config === undefined && Object.keys(oauth).length === 0) return {};
    const tokens = changedTokens(await storedOAuth(this.#context, row), oauth);
    const merged = { ...await storedConfig(this.#context, row), ...config };
    return await this.#store(row.id, row.method, merged, tokens, config === undefined ? row.operator === 1 : undefined);
  }

  /** What holds a configuration, once it has been checked; `byOperator` by who acts unless told. */
  async #store(
    id: string,
    method: string,
    input: ConfigInput,
    oauth: OAuthTokens,
    byOperator = isOperator(this.#context.actor),
  ): Promise<Stored> {
    const { auth } = this.#context.registry.auth(method);
    const what = `auth method "${method}"`;
    const parsed = parseConfig(auth.config, input, what);
    const { plain, secrets } = splitSecrets(auth.config, readConfig(auth.config, input, what));
    const addresses = await addressPolicy(byOperator, this.#context);
    await redactor(Object.values(secrets).flatMap(secretStrings))
      .guard(async () => await auth.checkConfig?.(parsed, addresses));
    const names = [...Object.keys(secrets), ...Object.keys(oauth)];
    const sealed = Object.keys(oauth).length === 0 ? secrets : { ...secrets, [OAUTH_KEY]: oauth };
    const columns = {
      config: JSON.stringify(plain),
      secrets: names.length === 0 ? null : await this.#context.vault.seal(sealed, authSecrets(id)),
      secret_names: JSON.stringify(names),
      operator: byOperator ? 1 : 0,
    };
    const login = auth.managedLogin?.(parsed);
    return login === undefined ? { columns } : { columns, login: await hashedLogin(login) };
  }

  /** The account on the managed server that the auth is. */
  async #provide(transaction: Executor, id: string, login: HashedLogin | undefined, now: number): Promise<void> {
    if (login === undefined) return;
    await saveUser(transaction, { account: this.#context.accountId, auth: id }, login, now);
  }

  #audit(transaction: Executor, action: string, { id, label }: AuthRow, detail: AuditEntry["detail"]): Promise<void> {
    return audit(transaction, this.#context, { action, kind: "auth", id, label, detail: detail ?? {} });
  }

  /** Auths and tokens share their ids (SPEC §4). */
  async #refuseTaken(executor: Executor, id: string): Promise<void> {
    const auth = await executor.selectFrom("auths").select("id").where("account_id", "=", this.#context.accountId)
      .where("id", "=", id).executeTakeFirst();
    const token = await executor.selectFrom("tokens").select("id").where("account_id", "=", this.#context.accountId)
      .where("id", "=", id).executeTakeFirst();
    if (auth === undefined && token === undefined) return;
    throw new Failure("config", `The id "${id}" is taken`, {
      code: "conflict",
      hint: "Choose another, or let Waybill choose one",
    });
  }

  #view(row: AuthRow): AuthView {
    const config: { [key: string]: JsonValue } = JSON.parse(row.config);
    const secrets: string[] = JSON.parse(row.secret_names);
    const { id, provider_id, method, label, description, peer, user_id, user_name } = row;
    const { providers } = this.#context.registry;
    return {
      id,
      account_id: this.#context.account.publicId,
      provider_id,
      provider_name: providers.find((provider) => provider.id === provider_id)?.title ?? provider_id,
      method,
      label,
      description,
      config,
      secrets,
      peer,
      user_id,
      user_name,
      created: isoTime(row.created_at),
      updated: isoTime(row.updated_at),
    };
  }
}
