/**
 * The managed SFTP server as an account (tenant) sees it: what `waybill sftp` and `/api/sftp` give.
 *
 * @module
 */
import { Failure } from "../../contracts/failure.ts";
import { audit } from "../audit.ts";
import type { EngineContext } from "../context.ts";
import { isoTime } from "../iso_time.ts";
import { unknownName } from "../registry.ts";
import { hostKeys } from "./host_keys.ts";
import { contentsOf, deleteNodes } from "./nodes.ts";
import type { ManagedAccountView, ManagedLogView, ManagedServer, ManagedSessionView } from "./views.ts";

const MAX_PAGE = 1_000;

/** The server, for the context's account. `living` gives the processes that are there. */
export function managedServerOf(context: EngineContext, living: () => Promise<ReadonlySet<string>>): ManagedServer {
  const { database, vault, managed, accountId: account } = context;
  const { kysely } = database;

  async function sessions(): Promise<ManagedSessionView[]> {
    const rows = await kysely.selectFrom("managed_sessions").selectAll().where("account_id", "=", account)
      .orderBy("started_at").orderBy("id").execute();
    const alive = await living();
    return rows.filter(({ process_id }) => alive.has(process_id)).map((row) => ({
      id: row.id,
      username: row.username,
      address: row.address,
      client: row.client,
      started_at: isoTime(row.started_at),
      seen_at: isoTime(row.seen_at),
      received: row.bytes_in,
      sent: row.bytes_out,
    }));
  }

  async function accounts(): Promise<ManagedAccountView[]> {
    const trees = await kysely.selectFrom("managed_trees")
      .leftJoin("managed_users", (join) =>
        join.onRef("managed_users.account_id", "=", "managed_trees.account_id")
          .onRef("managed_users.tree_id", "=", "managed_trees.id"))
      .leftJoin("auths", (join) =>
        join.onRef("auths.account_id", "=", "managed_users.account_id")
          .onRef("auths.id", "=", "managed_users.auth_id"))
      .select(["managed_trees.id", "managed_trees.username", "managed_trees.bytes", "managed_users.auth_id"])
      .select(["password_hash", "public_keys", "require_both", "quota", "auths.label"])
      .where("managed_trees.account_id", "=", account).orderBy("managed_trees.username").execute();
    const counts = await kysely.selectFrom("managed_nodes")
      .select(({ fn }) => ["tree_id", fn.count("content").as("files"), fn.count("partial").as("unfinished")])
      .where("account_id", "=", account).groupBy("tree_id").execute();
    const held = new Map(counts.map((row) => [row.tree_id, row]));
    const live = await sessions();
    return trees.map((tree) => ({
      username: tree.username,
      auth_id: tree.auth_id,
      auth_label: tree.label,
      password: tree.password_hash !== null,
      keys: tree.public_keys === null ? 0 : JSON.parse(tree.public_keys).length,
      require_both: tree.require_both === 1,
      bytes: tree.bytes,
      files: Number(held.get(tree.id)?.files ?? 0),
      unfinished: Number(held.get(tree.id)?.unfinished ?? 0),
      quota_bytes: tree.quota,
      sessions: live.filter(({ username }) => tree.auth_id !== null && username === tree.username).length,
    }));
  }

  return {
    accounts,
    sessions,

    show: async () => {
      const alive = await living();
      const rows = await kysely.selectFrom("processes").select(["id", "sftp_address"])
        .where("sftp_address", "is not", null).$narrowType<{ sftp_address: string }>()
        .orderBy("started_at", "desc").orderBy("id").execute();
      const keys = await hostKeys(vault);
      return {
        addresses: rows.filter(({ id }) => alive.has(id)).map(({ sftp_address }) => JSON.parse(sftp_address)),
        host_keys: keys.map(({ type, fingerprint, publicKey }) => ({ type, fingerprint, public_key: publicKey })),
      };
    },

    account: async (username) => {
      const all = await accounts();
      const found = all.find((account) => account.username === username);
      if (found !== undefined) return found;
      throw unknownName("managed account", username, all.map(({ username }) => username));
    },

    kick: async (target, only) => {
      const found = (await sessions()).filter(({ id, username }) =>
        (id === target || username === target) && (only === undefined || id === only)
      );
      if (found.length === 0) {
        throw new Failure("config", `There is no session or logged-in user "${target.slice(0, 64)}"`, {
          code: "not_found",
          hint: "See `waybill sftp sessions`",
        });
      }
      await database.write(async (transaction) => {
        await transaction.updateTable("managed_sessions").set({ kicked: 1 }).where("account_id", "=", account)
          .where("id", "in", found.map(({ id }) => id)).execute();
        for (const { id, username } of found) {
          await audit(transaction, context, { action: "kick", kind: "sftp", id, label: username });
        }
      });
      return { ended: found.length };
    },

    log: async ({ username, cursor, limit = 50 } = {}) => {
      const size = Math.min(Math.max(limit, 1), MAX_PAGE);
      if (cursor !== undefined && !/^\d{1,15}$/.test(cursor)) {
        throw new Failure("config", `Cursor "${cursor.slice(0, 64)}" is not one that the log gave`);
      }
      const rows = await kysely.selectFrom("managed_log").selectAll().where("account_id", "=", account)
        .$if(username !== undefined, (query) => query.where("username", "=", username!))
        .$if(cursor !== undefined, (query) => query.where("id", "<", Number(cursor)))
        .orderBy("id", "desc").limit(size + 1).execute();
      const last = rows.length > size ? rows[size - 1] : undefined;
      return { items: rows.slice(0, size).map(lineOf), next: last === undefined ? null : String(last.id) };
    },

    purge: async (username) => {
      const purged = await database.write(async (transaction) => {
        const tree = await transaction.selectFrom("managed_trees").selectAll().where("account_id", "=", account)
          .where("username", "=", username).executeTakeFirst();
        if (tree === undefined) {
          throw unknownName("managed account", username, (await accounts()).map(({ username }) => username));
        }
        const user = await transaction.selectFrom("managed_users").select("auth_id").where("account_id", "=", account)
          .where("tree_id", "=", tree.id).executeTakeFirst();
        if (user !== undefined) {
          throw new Failure("config", `Account "${username}" is not closed`, {
            code: "conflict",
            hint: "Delete its auth first; until then its user removes files",
          });
        }
        const nodes = await transaction.selectFrom("managed_nodes").selectAll().where("account_id", "=", account)
          .where("tree_id", "=", tree.id).execute();
        await deleteNodes(transaction, { account, id: tree.id });
        await transaction.deleteFrom("managed_trees").where("account_id", "=", account).where("id", "=", tree.id)
          .execute();
        const files = nodes.filter(({ kind }) => kind === "file").length;
        await audit(transaction, context, {
          action: "purge",
          kind: "sftp",
          id: tree.id,
          label: username,
          detail: { files, bytes: tree.bytes },
        });
        return { files, bytes: tree.bytes, gone: nodes.flatMap(contentsOf) };
      });
      for (const id of purged.gone) await managed.remove(id);
      return { files: purged.files, bytes: purged.bytes };
    },
  };
}

function lineOf(row: {
  readonly at: number;
  readonly username: string;
  readonly address: string;
  readonly session_id: string | null;
  readonly action: ManagedLogView["action"];
  readonly path: string | null;
  readonly target: string | null;
  readonly bytes: number | null;
  readonly reason: string | null;
}): ManagedLogView {
  const { at, username, address, session_id, action, path, target, bytes, reason } = row;
  return { at: isoTime(at), username, address, session_id, action, path, target, bytes, reason };
}
