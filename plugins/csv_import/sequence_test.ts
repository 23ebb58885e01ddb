import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { gzipSync } from "node:zlib";
import { memorySpool } from "@waybill/waybill/codecs";
import { memoryStore } from "@waybill/waybill/files";
import { collectLog, memoryLedger, requireOpenSsh, requirePeer, runJob, startOpenSsh } from "@waybill/waybill/testing";
import { run } from "../../core/testing/openssh.ts";
import { sftp } from "../file_service/mod.ts";
import { choices } from "./choices.ts";
import { csvImport } from "./mod.ts";
import { run as importFile } from "./run.ts";

const smallBatches = { ...csvImport, run: (context: Parameters<typeof importFile>[0]) => importFile(context, 2) };

const SQLITE = "/usr/bin/sqlite3";

const CONFIG = { stream: "s", folder: "in", file: "a_20260101.csv", prefix: "a_", settle_seconds: 0 };

const text = (day: number) => `id,day\n${Array.from({ length: 5 }, (_, row) => `${row},${day}\n`).join("")}`;

Deno.test("plain and packed files of a sequence are imported once, killed at any checkpoint of any of them", async () => {
  const files = memoryStore({
    "in/a_20260101.csv": text(1),
    "in/a_20260102.csv.gz": gzipSync(text(2)),
    "in/a_20260103.csv": `${text(3)}bad,row,here\n`,
    "in/a_20260104.csv": text(4),
  });
  const options = { connection: { files }, config: CONFIG };
  const whole = await runJob(smallBatches, options);
  assert.equal(whole.rows.length, 20);
  assert.deepEqual(whole.rejected.map(({ reason }) => reason), [
    'Has 3 cells where the header has 2 (in "a_20260103.csv")',
  ]);
  for (let kill = 1; kill <= whole.commits.length; kill++) {
    const ledger = memoryLedger();
    const first = await runJob(smallBatches, { ...options, ledger, abortAfter: kill });
    const checkpoint = first.commits.at(-1)!.checkpoint;
    const second = await runJob(smallBatches, { ...options, ledger, checkpoint });
    assert.deepEqual([...first.rows, ...second.rows], whole.rows, `killed after commit ${kill}`);
    assert.equal(first.rejected.length + second.rejected.length, 1);
    assert.equal(ledger.imported.size, 4);
    assert.deepEqual((await runJob(smallBatches, { ...options, ledger })).rows, []);
  }
});

Deno.test("the bytes of a run are those of all its files, and never fewer than before", async () => {
  const sizes = [1, 2, 3].map((day) => text(day).length);
  const files = memoryStore(Object.fromEntries([1, 2, 3].map((day) => [`in/a_2026010${day}.csv`, text(day)])));
  const { progress } = await runJob(csvImport, { connection: { files }, config: CONFIG });
  assert.ok(progress.every(({ done }, index) => done >= (progress[index - 1]?.done ?? 0)));
  assert.equal(progress.at(-1)?.done, sizes.reduce((sum, size) => sum + size, 0));
});

Deno.test({
  name: "a sequence on an SFTP server is imported in order; names that are not UTF-8 or break lines do no harm",
  ignore: !requireOpenSsh() || !requirePeer("sqlite3", SQLITE),
  fn: async () => {
    await using server = await startOpenSsh();
    const folder = `${server.folder}/in`;
    await Deno.mkdir(folder);
    for (const day of [3, 1, 2]) await Deno.writeTextFile(`${folder}/a_2026010${day}.csv`, text(day));
    await Deno.writeTextFile(`${folder}/a_20260104.csv\nb`, text(4));
    // Deno names files in UTF-8 alone.
    const path = Buffer.from(`${folder}/a_20260105\xff.csv`, "latin1").toString("hex");
    await run(SQLITE, [":memory:", `select writefile(cast(x'${path}' as text), '${text(5)}')`]);
    await using connection = await sftp.connect({
      label: "Partner",
      config: sftp.config.parse({
        host: server.host,
        port: server.port,
        username: server.username,
        private_key: server.privateKey,
        folder: server.folder,
      }),
      peer: { known: server.hostKeyFingerprint, pin: () => Promise.reject(new Error("pinned already")) },
      addresses: { allowPrivate: true },
      signal: new AbortController().signal,
      log: collectLog().log,
    });
    const ledger = memoryLedger();
    const config = { ...CONFIG, after_import: "move" as const, move_to: "done" };
    const { rows } = await runJob(csvImport, { connection, ledger, config });
    assert.deepEqual([...new Set(rows.map(({ fields }) => fields["day"]))], ["1", "2", "3", "4"]);
    assert.equal(ledger.imported.size, 4);
    const names = Array.from(Deno.readDirSync(`${server.folder}/done`), ({ name }) => name).sort();
    assert.deepEqual(names, ["a_20260101.csv", "a_20260102.csv", "a_20260103.csv", "a_20260104.csv\nb"]);
    assert.equal(Array.from(Deno.readDirSync(folder)).length, 1, "what cannot be called by its name stays");

    const signal = new AbortController().signal;
    const { log } = collectLog();
    const context = { connection, query: "", after: undefined, spool: memorySpool(), signal, log };
    const listed = await Array.fromAsync(choices.file.load({ ...context, config: { folder: "in" } }));
    const file = "a_20260105\uFFFD.csv";
    assert.deepEqual(listed, [{ value: file, title: "is not called in UTF-8, and cannot be opened by its name" }]);
    const importing = () => runJob(csvImport, { connection, config: { stream: "s", folder: "in", file } });
    await assert.rejects(importing, {
      kind: "config",
      hint: "The name that the server gives it is not UTF-8: have it renamed",
    });
  },
});
