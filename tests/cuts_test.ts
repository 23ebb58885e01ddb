import assert from "node:assert/strict";
import { join } from "node:path";
import { type CuttingProxy, requireOpenSsh, startOpenSsh, startProxy } from "@waybill/waybill/testing";
import { assertSameContent } from "./support/content.ts";
import { writeCustomerFile } from "./support/customer_file.ts";
import { prepareImport, temporaryFolder } from "./support/home.ts";
import { Observer } from "./support/observer.ts";
import { sqlitePlaces } from "./support/place.ts";
import { startServing } from "./support/waybill_process.ts";

const ROWS = 120_000;

/** What an SFTP client asks for at a time unless told otherwise (sftp(1), `-B`); Waybill asks for more. */
const BLOCK = 32 * 1024;

/** No connection carries more than this many bytes of the file. */
const PER_CONNECTION = 64 * BLOCK;

/**
 * After this cut the server stays away: a connection brings at least seven of Waybill's chunks of 255 KiB, so more than
 * one commit's bytes have come by then, and less than the file.
 */
const LONG_CUT = 12;

/**
 * Cuts every connection of a proxy once it carried {@linkcode PER_CONNECTION} bytes, the {@linkcode LONG_CUT}th time for
 * longer; gives how many it has cut.
 */
function cutThroughout(proxy: CuttingProxy): { readonly count: number } {
  const cuts = { count: 0 };
  const cutNext = () => {
    proxy.cutAfter(PER_CONNECTION, async () => {
      if (++cuts.count === LONG_CUT) proxy.refuse(true);
      cutNext();
    });
  };
  cutNext();
  return cuts;
}

Deno.test({
  name:
    `an import of ${ROWS} rows whose connection is cut after every 64th block, and once for longer than the store ` +
    "waits, leaves what an undisturbed one leaves",
  ignore: !requireOpenSsh(),
  fn: async () => {
    await using folder = await temporaryFolder();
    await using server = await startOpenSsh();
    await using proxy = await startProxy(server);
    const file = await writeCustomerFile(join(server.folder, "customers.csv"), ROWS, 11);
    const [undisturbed, cut] = [join(folder.path, "undisturbed"), join(folder.path, "cut")];
    const run = await prepareImport(undisturbed, { ...server, host: proxy.host, port: proxy.port }, {
      stream: "customers",
      file: "customers.csv",
      identify_by: "customer_id,email",
      timestamps: "updated_at",
    });
    await sqlitePlaces.copy(undisturbed, cut);
    {
      await using waybill = startServing(undisturbed);
      await using observer = new Observer(undisturbed, run);
      await observer.until(waybill, ({ status }) => status === "succeeded");
      waybill.signal("SIGTERM");
      assert.equal((await waybill.status).code, 0, waybill.log.join("\n"));
    }
    const connections = proxy.connections;

    const cuts = cutThroughout(proxy);
    await using waybill = startServing(cut);
    await using observer = new Observer(cut, run);
    await observer.until(waybill, ({ attempts }) => attempts === 1);
    const waiting = await observer.until(waybill, ({ status }) => status === "queued");
    assert.equal(cuts.count, LONG_CUT);
    assert.match(waiting.failure ?? "", /"transient"/);
    assert.ok(waiting.rows_read > 0 && waiting.rows_read < file.rows, "The server went away between two commits");
    proxy.refuse(false);
    const { attempts } = await observer.until(waybill, ({ status }) => status === "succeeded");
    assert.equal(attempts, 2, "Only the long cut cost an attempt");
    waybill.signal("SIGTERM");
    assert.equal((await waybill.status).code, 0, waybill.log.join("\n"));

    const least = Math.floor(file.size / PER_CONNECTION);
    console.log(`Cuts: ${cuts.count}, of which the file's size implies ${least}`);
    assert.ok(least >= 20, "The file is large enough for many cuts");
    assert.ok(cuts.count >= least, `${cuts.count} cuts are fewer than the file's size implies, which is ${least}`);
    assert.ok(proxy.connections - connections > cuts.count, "Each cut was followed by a new connection");

    const sizes = await assertSameContent(cut, undisturbed);
    assert.equal(sizes["stream archive"], file.rows);
    assert.equal(sizes["rejects archive"], file.broken);
    assert.equal(sizes.profiles, file.customers);
    assert.equal(sizes.identities, 2 * file.customers);
    assert.equal(await observer.leftOver(), 0);
  },
});
