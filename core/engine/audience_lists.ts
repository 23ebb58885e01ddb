/**
 * Audience lists as the bulk APIs have them: imported, replaced, renamed, deleted, listed, and how their imports stand.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";
import { addList, type ListRow, listsOf, requireList, requireRoom } from "./audience_list_rows.ts";
import { moveHead } from "./audience_cache.ts";
import { audit } from "./audit.ts";
import type { AudienceLists } from "./bulk_parts.ts";
import type { AudienceListView, ListImportView } from "./bulk_views.ts";
import type { EngineContext } from "./context.ts";
import type { Core } from "./core.ts";
import { isoTime } from "./iso_time.ts";
import { checkLabel } from "./label.ts";
import type { ListDone } from "./list_commit.ts";
import type { Audiences } from "./runtime.ts";
import { receiveForm, type UploadsOptions } from "./uploads.ts";

/** The job type that imports them. */
export const AUDIENCE_IMPORT = "audience-import";

/** What lists need beside the context. */
export interface AudienceListsOptions {
  readonly core: Core;
  readonly uploads: UploadsOptions;
  readonly audiences: Audiences;
}

/** The audience lists of the context's account. */
export function audienceListsOf(
  context: Pick<EngineContext, "database" | "accountId" | "actor">,
  { core, uploads, audiences }: AudienceListsOptions,
): AudienceLists {
  const { database, accountId } = context;
  const view = async (id: number) => viewOf(await requireList(database.kysely, accountId, id));
  const told = (transaction: Parameters<typeof audit>[0], action: string, list: number, detail: { app: string }) =>
    audit(transaction, context, { action, kind: "audience", id: String(list), label: `list ${list}`, detail });

  return {
    requireRoom: async () => await requireRoom(database.kysely, accountId),
    require: view,
    create: async ({ content, fields }) => {
      let name = "", app = "";
      const config = async () => {
        const given = await fields();
        app = given.app_id;
        name = checkLabel(given.audience_name, "name");
        return { ...given, audience_name: name };
      };
      return await receiveForm(core, uploads, { type: AUDIENCE_IMPORT, content, config }, async (transaction, run) => {
        const { last_id: id } = await moveHead(transaction, accountId, { adds: true });
        // Under the lock of the head: of two that are asked for at once, one is the last.
        await requireRoom(transaction, accountId);
        const created_at = await database.now();
        await addList(transaction, { account_id: accountId, id, app_id: app, name, run_id: run, created_at });
        await told(transaction, "import", id, { app });
        return { audience_list_id: id };
      });
    },
    replace: async (id, { content, fields }) => {
      let app = "";
      const config = async () => {
        const given = await fields();
        app = given.app_id;
        return { ...given, audience_list_id: id };
      };
      return await receiveForm(core, uploads, { type: AUDIENCE_IMPORT, content, config }, async (transaction, run) => {
        requireApp(await requireList(transaction, accountId, id), app);
        await transaction.updateTable("audience_lists").set({ run_id: run })
          .where("account_id", "=", accountId).where("id", "=", id).execute();
        await told(transaction, "replace", id, { app });
        return {};
      });
    },
    rename: async (id, given) => {
      const name = checkLabel(given, "name");
      const list = await requireList(database.kysely, accountId, id);
      if (list.audience_id !== null) await audiences.update(String(list.audience_id), { name });
      else {
        await database.write(async (transaction) => {
          await transaction.updateTable("audience_lists").set({ name }).where("account_id", "=", accountId)
            .where("id", "=", id).execute();
          await told(transaction, "rename", id, { app: list.app_id });
        });
      }
      return await view(id);
    },
    delete: async (id) => {
      const list = await requireList(database.kysely, accountId, id);
      if (list.audience_id !== null) await audiences.delete(String(list.audience_id));
      else {
        await database.write(async (transaction) => {
          await transaction.deleteFrom("audience_lists").where("account_id", "=", accountId).where("id", "=", id)
            .execute();
          await told(transaction, "delete", id, { app: list.app_id });
        });
      }
      return viewOf(list);
    },
    list: async (app) => (await listsOf(database.kysely, accountId, app)).map(viewOf),
    status: async (run): Promise<ListImportView> => {
      const { checkpoint } = await database.kysely.selectFrom("runs").select("checkpoint")
        .where("account_id", "=", accountId).where("id", "=", run.id).executeTakeFirstOrThrow();
      const done: ListDone | undefined = checkpoint === null ? undefined : JSON.parse(checkpoint);
      return {
        app_id: String(run.config["app_id"]),
        error_reason: run.failure === null || run.status === "queued" ? null : run.failure.message,
        upload_statistics: run.status !== "succeeded" || done === undefined ? null : {
          total_lines: String(run.read),
          audience_id: String(done.audience),
          audience_list_id: String(done.list),
          failed_lines: String(run.rejected + run.refused),
          successful_lines: String(run.accepted),
        },
        created_at: run.created_at,
        updated_at: run.finished_at ?? run.started_at ?? run.created_at,
      };
    },
  };
}

/** Refuses (`not_found`) a list that is another app's. */
function requireApp(list: ListRow, app: string): void {
  if (list.app_id === app) return;
  throw new Failure("config", `There is no audience list ${list.id} of this app`, {
    code: "not_found",
    hint: "Check `app_id` and the list's id",
  });
}

function viewOf(row: ListRow): AudienceListView {
  return {
    id: row.id,
    name: row.audience_name ?? row.name,
    app_id: row.app_id,
    version: row.version ?? 0,
    record_count: row.members ?? 0,
    created_at: isoTime(row.created_at),
    updated_at: isoTime(row.updated_at ?? row.created_at),
  };
}
