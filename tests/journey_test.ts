import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { requireOpenSsh, startOpenSsh } from "@waybill/waybill/testing";
import { CUSTOMER_COLUMNS, generateCustomers } from "../bench/generate.ts";
import { openForReading } from "./support/content.ts";
import { writeCustomerFile } from "./support/customer_file.ts";
import { compareEvents, ExpectedProfiles, independentRows } from "./support/expected_profiles.ts";
import { createPartner, openQuietRuntime, temporaryFolder } from "./support/home.ts";
import { runCli } from "./support/waybill_process.ts";

const ignore = !requireOpenSsh();

/** The folder of vega-datasets with its CSV files. */
const vega = fileURLToPath(new URL("../data/", import.meta.resolve("vega-datasets")));

/** The first column of a file, by the independent reader. */
async function firstColumn(path: string): Promise<string> {
  for await (const row of independentRows(path)) return Object.keys(row)[0] ?? "";
  throw new Error(`"${path}" holds no row`);
}

Deno.test({
  name: "every CSV file of vega-datasets comes over SFTP with every cell, and makes the profiles that its rows say",
  ignore,
  fn: async () => {
    await using folder = await temporaryFolder();
    await using server = await startOpenSsh();
    const home = join(folder.path, "home");
    await using runtime = await openQuietRuntime(home, "cli");
    await createPartner(runtime, server);
    const files = readdirSync(vega).filter((name) => name.endsWith(".csv")).sort();
    for (const name of ["airports.csv", "zipcodes.csv"]) assert.ok(files.includes(name));
    const expected = new ExpectedProfiles();
    // What identifies belongs to the profile table: a file's rows are known by the columns of the files before it, too.
    const identifyBy: string[] = [];
    let position = 1;
    for (const file of files) {
      const path = join(server.folder, file);
      await Deno.copyFile(join(vega, file), path);
      const identity = await firstColumn(path);
      if (!identifyBy.includes(identity)) identifyBy.push(identity);
      const { id } = await runtime.runs.start({
        type: "csv-import",
        auth: "partner",
        config: { stream: file, file, identify_by: [identity] },
      });
      let run = await runtime.runs.get(id);
      for await (run of runtime.runs.follow(id));
      assert.equal(run.status, "succeeded", `${file}: ${run.failure?.message}`);
      const count = await compareEvents(home, file, path, position, (row, at, position) => {
        expected.add(row, identifyBy, at, position);
      });
      assert.deepEqual([run.read, run.accepted, run.rejected], [count, count, 0], file);
      assert.equal((await Deno.stat(path)).size, run.bytes, file);
      position += count;
    }
    expected.assertIn(home);
    const ord = await runtime.profiles.get("iata", "ORD");
    assert.equal(ord.attributes.city, "Chicago");
  },
});

Deno.test({
  name: "customers that come again have their latest values, and rows that cannot be read are counted and kept",
  ignore,
  fn: async () => {
    await using folder = await temporaryFolder();
    await using server = await startOpenSsh();
    const home = join(folder.path, "home");
    await using runtime = await openQuietRuntime(home, "cli");
    await createPartner(runtime, server);
    const path = join(server.folder, "customers.csv");
    const file = await writeCustomerFile(path, 30_000, 5);
    const { id } = await runtime.runs.start({
      type: "csv-import",
      auth: "partner",
      config: {
        stream: "customers",
        file: "customers.csv",
        identify_by: ["customer_id", "email"],
        timestamps: ["updated_at"],
      },
    });
    let run = await runtime.runs.get(id);
    for await (run of runtime.runs.follow(id));
    assert.equal(run.status, "succeeded", run.failure?.message);
    assert.deepEqual([run.read, run.accepted, run.rejected], [file.rows + file.broken, file.rows, file.broken]);
    const rejects: string[] = [];
    for await (const { raw } of runtime.runs.rejects(id)) rejects.push(raw);
    assert.equal(rejects.length, file.broken);
    for (const raw of rejects) assert.match(raw, /^broken row \d+,x/);

    const readable = join(folder.path, "readable.csv");
    await Deno.writeTextFile(readable, (await Deno.readTextFile(path)).replaceAll(/^broken row.*\n/gm, ""));
    const expected = new ExpectedProfiles();
    await compareEvents(home, "customers", readable, 1, (row, at, position) => {
      assert.equal(at, Date.parse(row.updated_at ?? ""));
      expected.add(row, ["customer_id"], at, position);
    });
    assert.equal(expected.count, file.customers);
    expected.assertIn(home);
  },
});

Deno.test({
  name: "a million rows come through the command line with every cell, and make a million profiles",
  ignore,
  fn: async () => {
    const ROWS = 1_000_000;
    await using folder = await temporaryFolder();
    await using server = await startOpenSsh();
    const home = join(folder.path, "home");
    const path = join(server.folder, "customers.csv");
    {
      using file = await Deno.open(path, { write: true, createNew: true });
      await ReadableStream.from(generateCustomers({ rows: ROWS })).pipeTo(file.writable);
    }
    const key = join(folder.path, "key");
    await Deno.writeTextFile(key, server.privateKey, { mode: 0o600 });
    const login = ["--host", server.host, "--port", String(server.port), "--username", server.username];
    const saved = await runCli(home, [
      "auth",
      "create",
      "sftp",
      "--label",
      "partner",
      ...login,
      "--folder",
      server.folder,
      "--private-key-file",
      key,
    ]);
    assert.equal(saved.code, 0, saved.stderr);
    const { code, stdout, stderr } = await runCli(home, [
      "run",
      "csv-import",
      "--auth",
      "partner",
      "--file",
      "customers.csv",
      "--stream",
      "customers",
      "--identify-by",
      "customer_id,email",
      "--timestamps",
      "updated_at",
      "--json",
    ]);
    assert.equal(code, 0, stderr);
    const run = JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
    assert.deepEqual(
      [run.status, run.read, run.accepted, run.rejected, run.profiles_created, run.profiles_updated],
      ["succeeded", ROWS, ROWS, 0, ROWS, 0],
    );
    assert.equal(run.bytes, (await Deno.stat(path)).size);
    console.log(`A million rows took ${run.duration_ms} ms`);

    using database = openForReading(home);
    const profiles = database.prepare("select id, at, attributes from profiles order by id").iterate();
    const count = await compareEvents(home, "customers", path, 1, (row, at, position) => {
      assert.equal(at, Date.parse(row.updated_at ?? ""));
      const { value: profile } = profiles.next();
      assert.equal(profile?.id, position);
      assert.equal(profile?.at, at);
      const attributes: Record<string, string> = JSON.parse(String(profile?.attributes));
      for (const name of CUSTOMER_COLUMNS) {
        if ((attributes[name] ?? "") !== row[name]) assert.deepEqual(attributes, row, `Profile ${position}`);
      }
    });
    assert.equal(count, ROWS);
    assert.ok(profiles.next().done);
    const identities = database.prepare("select sum(count) as count from identity_runs").get();
    assert.equal(identities?.count, 2 * ROWS);
  },
});
