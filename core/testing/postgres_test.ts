import assert from "node:assert/strict";
import { requirePostgres, startPostgres } from "./postgres.ts";

Deno.test({
  name: "PostgreSQL starts, makes databases of the owner, starts again on its port, and stops with its files removed",
  ignore: !requirePostgres(),
  fn: async () => {
    const server = await startPostgres({ settings: { work_mem: "5MB" } });
    const reachable = async () => (await Deno.connect({ hostname: server.host, port: server.port })).close();
    const names = [await server.createDatabase(), await server.createDatabase()].map((url) => new URL(url).pathname);
    assert.deepEqual(names, ["/test_1", "/test_2"]);
    const owners =
      "select datname, rolname from pg_database join pg_roles on datdba = pg_roles.oid where datname ~ '^test'";
    assert.equal(await server.sql(`${owners} order by 1`), "test_1|waybill\ntest_2|waybill");
    assert.equal(await server.sql("show work_mem", "test_2"), "5MB");
    await server.shutDown();
    await assert.rejects(reachable());
    await server.start();
    await reachable();
    assert.equal(await server.sql("select count(*) from pg_database where datname ~ '^test'"), "2");
    await server.stop();
    await assert.rejects(reachable());
    await assert.rejects(Deno.stat(server.socketDir), Deno.errors.NotFound);
  },
});
