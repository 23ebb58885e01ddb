/**
 * Managed accounts: made, changed and closed with the auths that provide them.
 *
 * @module
 */
import { Failure } from "../../contracts/failure.ts";
import type { ManagedLogin } from "../../contracts/managed.ts";
import type { Executor } from "../../database/database.ts";
import type { ManagedUsersTable } from "../../database/tables.ts";
import { newId } from "../ids.ts";
import { closed, type Tree } from "./nodes.ts";
import { hashPassword } from "./password.ts";

/** The auth that provides an account. */
export interface Provider {
  readonly account: number;
  readonly auth: string;
}

/** An account as an auth describes it, its password hashed. */
export interface HashedLogin extends Omit<ManagedLogin, "password"> {
  readonly passwordHash: string | null;
}

/** The account, ready to be written down. */
export async function hashedLogin({ password, ...login }: ManagedLogin): Promise<HashedLogin> {
  return { ...login, passwordHash: password === undefined ? null : await hashPassword(password) };
}

/**
 * Makes or changes the account of an auth, in the transaction that saves the auth: both stand, or neither does. Sessions
 * of what it was before end. Failure `config` (`conflict`) for a name that is taken, by whomever.
 */
export async function saveUser(
  transaction: Executor,
  { account, auth }: Provider,
  login: HashedLogin,
  now: number,
): Promise<void> {
  const before = await userOf(transaction, { account, auth });
  const other = await transaction.selectFrom("managed_users").select(["account_id", "auth_id"])
    .where("username", "=", login.username).executeTakeFirst();
  // Tenants may choose the same id for an auth.
  if (other !== undefined && (other.account_id !== account || other.auth_id !== auth)) throw nameTaken(login.username);
  const tree_id = before?.username === login.username
    ? before.tree_id
    : await treeNamed(transaction, { account, username: login.username, now });
  const row: ManagedUsersTable = {
    username: login.username,
    account_id: account,
    auth_id: auth,
    tree_id,
    password_hash: login.passwordHash,
    public_keys: JSON.stringify(login.publicKeys),
    require_both: login.requireBoth ? 1 : 0,
    quota: login.quota ?? null,
    revision: Math.max(now, (before?.revision ?? 0) + 1),
  };
  if (before !== undefined) await removeUser(transaction, { account, auth });
  await transaction.insertInto("managed_users").values(row).execute();
}

/** Closes the account of an auth; its files stay until their retention ends. */
export async function removeUser(transaction: Executor, { account, auth }: Provider): Promise<void> {
  await transaction.deleteFrom("managed_users").where("account_id", "=", account).where("auth_id", "=", auth).execute();
}

/** The account that an auth provides. */
export async function userOf(
  executor: Executor,
  { account, auth }: Provider,
): Promise<ManagedUsersTable | undefined> {
  return await executor.selectFrom("managed_users").selectAll().where("account_id", "=", account)
    .where("auth_id", "=", auth).executeTakeFirst();
}

/** The files that an auth's account has. Failure `transient` where it is closed. */
export async function treeOf(
  executor: Executor,
  provider: Provider,
): Promise<{ readonly tree: Tree; readonly quota: number | undefined }> {
  const user = await userOf(executor, provider);
  if (user === undefined) throw closed();
  return { tree: { account: provider.account, id: user.tree_id }, quota: user.quota ?? undefined };
}

/** The files of a name: whoever has it again, in the same tenant, finds what was left. */
async function treeNamed(
  transaction: Executor,
  { account, username, now }: { readonly account: number; readonly username: string; readonly now: number },
): Promise<string> {
  const tree = await transaction.selectFrom("managed_trees").select("id").where("account_id", "=", account)
    .where("username", "=", username).executeTakeFirst();
  if (tree !== undefined) return tree.id;
  const id = newId();
  await transaction.insertInto("managed_trees").values({ account_id: account, id, username, bytes: 0, created_at: now })
    .execute();
  return id;
}

function nameTaken(username: string): Failure {
  return new Failure("config", `The username "${username}" is taken`, {
    code: "conflict",
    hint: "Choose another: names are unique over the whole server",
  });
}
