import assert from "node:assert/strict";
import { Failure } from "@waybill/waybill";
import { memoryStore } from "@waybill/waybill/files";
import { planExport } from "@waybill/waybill/testing";
import { sftpCsvExport } from "./mod.ts";

const members = Array.from(
  { length: 7 },
  (_, id) => ({ id, name: `"N" ${id}, x`, ...(id === 1 ? { note: "n" } : {}) }),
);

async function planned(config: object = {}, more: object = {}) {
  const connection = { files: memoryStore({ "all.csv": "old", "out/x": "", "file": "" }) };
  const plan = await planExport(sftpCsvExport, {
    config: { audience: "all", ...config },
    connection,
    members,
    ...more,
  });
  assert.ok(plan);
  return plan;
}

Deno.test("a plan tells size, columns, file and the first rows, and writes nothing", async () => {
  const { summary, facts, sample, notes } = await planned({ audience_slug: true });
  assert.equal(summary, 'Would export 7 members of audience "Every profile" to "all.csv"');
  assert.deepEqual(facts, {
    audience: "all",
    members: 7,
    path: "all.csv",
    replaces: true,
    columns: ["id", "name", "note", "audience_slug"],
    kinds: [null, null, null, null],
    compress: "none",
    encrypted: false,
    last_export_rows: null,
  });
  assert.deepEqual(sample?.columns, ["id", "name", "note", "audience_slug"]);
  assert.deepEqual(sample?.rows.slice(0, 2), [["0", '"N" 0, x', null, "all"], ["1", '"N" 1, x', "n", "all"]]);
  assert.equal(sample?.rows.length, 5);
  assert.deepEqual(notes, [
    '"all.csv" is there, and would be replaced',
    "Cells are written as they are: set spreadsheet_safe where people open the file in a spreadsheet",
  ]);
});

Deno.test("a plan tells a kind for each column, none for those of audiences", async () => {
  const added = { audience_name: true, audience_slug: true, additional_audiences: true };
  const { facts } = await planned(added, {
    columns: [{ name: "name", kind: "STRING" }, { name: "id", kind: "INT" }],
  });
  assert.deepEqual(facts.columns, ["id", "name", "audience_name", "audience_slug", "audiences"]);
  assert.deepEqual(facts.kinds, ["INT", "STRING", null, null, null]);
});

Deno.test("a plan tells of an empty audience, a limit, a missing folder, and a run that would be held", async () => {
  const quiet = { compress: "gzip" };
  const notes = async (config: object, more: object = {}) => (await planned({ ...quiet, ...config }, more)).notes;
  assert.deepEqual(await notes({}), []);
  assert.match((await notes({}, { members: [] }))[0] ?? "", /^The audience has no members/);
  assert.match((await notes({ user_limit: 3 }))[0] ?? "", /^There may be more members: user_limit is 3/);
  assert.match((await notes({ folder: "no" }))[0] ?? "", /^Folder "no" was not found/);
  assert.deepEqual(await notes({ folder: "out" }), []);
  const history = [{ run: "r", rows: 100, path: null, endedAt: 0 }];
  assert.match(
    (await notes({ hold_change: 20 }, { history }))[0] ?? "",
    /^The run would be held for approval: The export has 7/,
  );
});

Deno.test("a plan fails as its run would, for a folder that is a file and for a key that has expired", async () => {
  await assert.rejects(planned({ folder: "file" }), /^Failure: "file" is not a folder$/);
  const encrypt = () => Promise.reject(new Failure("auth", "The PGP public key expired"));
  const connection = { files: memoryStore(), encrypt };
  await assert.rejects(planned({}, { connection }), { kind: "auth", message: "The PGP public key expired" });
});
