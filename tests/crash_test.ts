import assert from "node:assert/strict";
import { join } from "node:path";
import { type CuttingProxy, requireOpenSsh, startOpenSsh, startProxy } from "@waybill/waybill/testing";
import { assertSameContent } from "./support/content.ts";
import { writeCustomerFile } from "./support/customer_file.ts";
import { copyHome, prepareImport, temporaryFolder } from "./support/home.ts";
import { Observer, type RunState } from "./support/observer.ts";
import { startServing, type WaybillProcess } from "./support/waybill_process.ts";

const ROWS = 200_000;

/** When a process is killed, in terms of what it does: so the moments do not depend on the machine's speed. */
type Moment =
  /** Some milliseconds after it took the run over. */
  | { readonly kind: "connect"; readonly after: number }
  /** Once it has fetched a share of what is left of the file. */
  | { readonly kind: "read"; readonly share: number }
  /** Once it has appended to the archive what no transaction has recorded yet. */
  | { readonly kind: "commit"; readonly after: number }
  /** Some milliseconds after a commit. */
  | { readonly kind: "next"; readonly after: number };

/** Every kind of moment, in an order and with figures that the seed decides. */
function moments(seed: number): Moment[] {
  let state = seed;
  const random = () => {
    state = Math.imul(state, 1_664_525) + 1_013_904_223 >>> 0;
    return state / 2 ** 32;
  };
  const kinds = ["connect", "connect", "read", "read", "read", "commit", "commit", "commit", "next", "next"] as const;
  return kinds.map((kind) => ({ kind, order: random() })).sort((a, b) => a.order - b.order).map(({ kind }): Moment => {
    if (kind === "read") return { kind, share: random() / 2 };
    return { kind, after: Math.floor(random() * (kind === "commit" ? 20 : 120)) };
  });
}

const pause = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

/** Waits for the moment, in an attempt that began with `start`. */
async function reach(
  moment: Moment,
  waybill: WaybillProcess,
  observer: Observer,
  proxy: CuttingProxy,
  left: number,
  start: RunState,
): Promise<void> {
  const fetched = proxy.received;
  switch (moment.kind) {
    case "connect":
      return await pause(moment.after);
    case "read":
      return void await observer.until(waybill, () => proxy.received - fetched >= left * moment.share);
    case "commit": {
      await observer.until(waybill, () => observer.unrecorded() > 0);
      return await pause(moment.after);
    }
    case "next":
      await observer.until(waybill, ({ rows_read }) => rows_read > start.rows_read);
      return await pause(moment.after);
  }
}

Deno.test({
  name: `an import of ${ROWS} rows that is killed at ten moments leaves what an undisturbed one leaves`,
  ignore: !requireOpenSsh(),
  fn: async () => {
    await using folder = await temporaryFolder();
    await using server = await startOpenSsh();
    await using proxy = await startProxy(server);
    const file = await writeCustomerFile(join(server.folder, "customers.csv"), ROWS, 7);
    const [undisturbed, killed] = [join(folder.path, "undisturbed"), join(folder.path, "killed")];
    const run = await prepareImport(undisturbed, { ...server, host: proxy.host, port: proxy.port }, {
      stream: "customers",
      file: "customers.csv",
      identify_by: "customer_id,email",
      timestamps: "updated_at",
    });
    await copyHome(undisturbed, killed);

    {
      await using waybill = startServing(undisturbed);
      using observer = new Observer(undisturbed, run);
      const { attempts } = await observer.until(waybill, ({ status }) => status === "succeeded");
      assert.equal(attempts, 1);
      waybill.signal("SIGTERM");
      assert.equal((await waybill.status).code, 0, waybill.log.join("\n"));
    }

    using observer = new Observer(killed, run);
    const seen = { beforeFirst: 0, between: 0, inCommit: 0 };
    let largestCommit = 0;
    for (const planned of moments(19)) {
      await using waybill = startServing(killed);
      const before = observer.state();
      const start = await observer.until(waybill, ({ attempts }) => attempts > before.attempts);
      assert.equal(start.rows_read, before.rows_read);
      // Where the end is near, a moment that lets it commit could come too late.
      const near = file.rows - start.rows_read <= 2 * largestCommit;
      const moment: Moment = near && planned.kind !== "connect" ? { kind: "read", share: 0.2 } : planned;
      await reach(moment, waybill, observer, proxy, file.size * (1 - start.rows_read / file.rows), start);
      await waybill.kill();
      const end = observer.state();
      assert.equal(end.status, "running", "The process was killed before it could end the run");
      largestCommit = Math.max(largestCommit, end.rows_read - start.rows_read);
      if (observer.unrecorded() > 0) seen.inCommit++;
      if (end.rows_read === 0) seen.beforeFirst++;
      else seen.between++;
    }
    console.log(
      `Kills: ${JSON.stringify(seen)}; rows committed by then: ${observer.state().rows_read} of ${file.rows}`,
    );
    for (const [phase, kills] of Object.entries(seen)) assert.ok(kills > 0, `No kill came ${phase}`);

    await using last = startServing(killed);
    const { attempts } = await observer.until(last, ({ status }) => status === "succeeded");
    assert.equal(attempts, 11);
    last.signal("SIGTERM");
    assert.equal((await last.status).code, 0, last.log.join("\n"));

    const sizes = await assertSameContent(killed, undisturbed);
    assert.equal(sizes["stream archive"], file.rows);
    assert.equal(sizes["rejects archive"], file.broken);
    assert.equal(sizes.profiles, file.customers);
    assert.equal(sizes.identities, 2 * file.customers);
    assert.equal(observer.leftOver(), 0, "What killed commits wrote was cut off at the take-over");
  },
});
