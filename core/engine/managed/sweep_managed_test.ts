import assert from "node:assert/strict";
import { onEachDatabase } from "../../testing/each_database_testing.ts";
import { homeOf } from "../home.ts";
import { put, startManaged } from "./managed_testing.ts";
import { RETENTION, sweepManaged } from "./sweep_managed.ts";
import { removeUser } from "./users.ts";

onEachDatabase(
  "files go 90 days after their upload, and what an upload that broke off has brought",
  async (databases) => {
    await using peer = await startManaged(databases);
    await using session = peer.session();
    await put(session, "old.csv", "old");
    const broken = await session.open("broken.csv", { write: true, create: true });
    await broken.write(0, new TextEncoder().encode("half"));
    await broken.interrupt();
    const { database, contents: managed } = peer;
    const core = { database, managed, home: homeOf(peer.folder) };
    const now = await database.now();
    await database.kysely.updateTable("managed_nodes").set({ modified: now, partial_modified: now }).execute();
    const at = (time: number) => sweepManaged(core, () => Promise.resolve(time));
    assert.deepEqual(await at(now + RETENTION - 1), { files: 0, contents: 0 });
    assert.equal(await peer.bytes(), 7);
    assert.deepEqual(await at(now + RETENTION), { files: 2, contents: 0 });
    assert.equal(RETENTION, 90 * 24 * 3_600_000);
    assert.deepEqual([await peer.bytes(), await peer.stored()], [0, []]);
    assert.deepEqual((await peer.store.list("")).entries, []);
    assert.equal((await database.kysely.selectFrom("managed_trees").select("id").execute()).length, 1, "it is open");
  },
);

onEachDatabase(
  "files of an account that is closed stay until their time is over, then nothing is left",
  async (databases) => {
    await using peer = await startManaged(databases);
    await put(peer.session(), "in.csv", "x");
    const { database, contents: managed } = peer;
    await database.write((transaction) => removeUser(transaction, { account: 1, auth: "auth" }));
    const core = { database, managed, home: homeOf(peer.folder) };
    const now = await database.now();
    await sweepManaged(core, () => Promise.resolve(now));
    assert.equal((await peer.stored()).length, 1);
    await sweepManaged(core, () => Promise.resolve(now + RETENTION + 60_000));
    assert.deepEqual(await peer.stored(), []);
    for (const table of ["managed_trees", "managed_nodes", "managed_log"] as const) {
      assert.deepEqual(await database.kysely.selectFrom(table).selectAll().execute(), [], table);
    }
  },
);
