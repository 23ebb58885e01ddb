/**
 * Which of the caller's things a request is about. What is another account's is answered as if it were not there: 403
 * for both.
 *
 * @module
 */
import type { Engine } from "../../core/engine/runtime.ts";
import type { AppView } from "../../core/engine/views.ts";
import { isBulkId } from "../../core/engine/bulk_ids.ts";
import { Failure } from "../../core/contracts/failure.ts";

/** The caller's app with this id. Failure `forbidden` where the caller has none such. */
export async function requireApp({ apps }: Pick<Engine, "apps">, id: string): Promise<AppView> {
  try {
    // A name would be taken, too: here, ids alone are.
    if (isBulkId(id)) return await apps.get(id);
  } catch (error) {
    if (!(error instanceof Failure && error.code === "not_found")) throw error;
  }
  throw new Failure("auth", "The API key has no access to this app", {
    code: "forbidden",
    hint: "Check `app_id`: `waybill app list` shows the account's apps",
  });
}

/** Refuses (`forbidden`) an `org_id` that is not that of the caller's account. */
export async function requireOrg({ account }: Pick<Engine, "account">, id: string): Promise<void> {
  if (String((await account.get()).org_id) === id) return;
  throw new Failure("auth", "The API key has no access to this organization", {
    code: "forbidden",
    hint: "Check `org_id`: `waybill account show` tells the account's",
  });
}
