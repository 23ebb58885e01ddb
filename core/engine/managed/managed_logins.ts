/**
 * Looks up who may log in to the managed server.
 *
 * @module
 */
import type { Database } from "../../database/database.ts";
import type { ManagedUsersTable } from "../../database/tables.ts";
import type { ManagedLogins, ManagedUser } from "./logins.ts";
import { isPassword } from "./password.ts";

/** A user, and what only the check of its password needs. */
interface FoundUser extends ManagedUser {
  readonly passwordHash: string | null;
}

/** Logins as the database has them. */
export function managedLogins({ kysely }: Pick<Database, "kysely">): ManagedLogins {
  const hashes = new WeakMap<ManagedUser, string | null>();
  return {
    find: async (username) => {
      const row = await kysely.selectFrom("managed_users").selectAll().where("username", "=", username)
        .executeTakeFirst();
      if (row === undefined) return undefined;
      const { passwordHash, ...user } = userFrom(row);
      hashes.set(user, passwordHash);
      return user;
    },
    checkPassword: async (user, password) =>
      await isPassword(password, user === undefined ? null : hashes.get(user) ?? null),
    revisions: async (usernames) => {
      if (usernames.length === 0) return new Map();
      const rows = await kysely.selectFrom("managed_users").select(["username", "revision"])
        .where("username", "in", usernames).execute();
      return new Map(rows.map(({ username, revision }) => [username, revision]));
    },
  };
}

function userFrom(row: ManagedUsersTable): FoundUser {
  return {
    account: row.account_id,
    auth: row.auth_id,
    tree: row.tree_id,
    username: row.username,
    publicKeys: JSON.parse(row.public_keys),
    hasPassword: row.password_hash !== null,
    requireBoth: row.require_both === 1,
    quota: row.quota ?? undefined,
    revision: row.revision,
    passwordHash: row.password_hash,
  };
}
