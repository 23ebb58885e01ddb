import assert from "node:assert/strict";
import { onEachDatabase } from "../testing/each_database_testing.ts";
import { addressPolicy, ownServers } from "./address_policy.ts";
import { makeFolder } from "./engine_testing.ts";
import { Processes } from "./processes.ts";

onEachDatabase("our own SFTP servers are those of processes that live on this machine", async (databases) => {
  await using database = await databases.open();
  await using folder = await makeFolder();
  const own = () => ownServers(database, folder.path);
  const address = { host: "127.0.0.1", port: 2022 };
  {
    await using process = await Processes.join(database, folder.path, "serve");
    assert.deepEqual(await own(), [], "it serves no SFTP");
    await process.servesSftpAt(address);
    assert.deepEqual(await own(), [address]);
    assert.deepEqual(await addressPolicy(true, { ownServers: own }), { allowPrivate: true });
    assert.deepEqual((await addressPolicy(false, { ownServers: own })).own, [address]);
    assert.deepEqual((await addressPolicy(false, {})).own, []);
    await database.kysely.updateTable("processes").set({ machine: "another" }).execute();
    assert.deepEqual(await own(), [], "another machine's port is none of ours");
    await database.kysely.insertInto("processes").values({
      ...(await database.kysely.selectFrom("processes").selectAll().executeTakeFirstOrThrow()),
      ...{ id: "f".repeat(32), machine: Deno.hostname(), seen_at: 0 },
    }).execute();
    assert.deepEqual(await own(), [], "a process that was killed serves nobody");
  }
});
