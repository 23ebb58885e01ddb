import assert from "node:assert/strict";
import { memoryStore } from "@waybill/waybill/files";
import { collectLog, requireOpenSsh, runJob, startOpenSsh } from "@waybill/waybill/testing";
import { sftp } from "../file_service/mod.ts";
import { csvImport } from "./mod.ts";

Deno.test({
  name: "an import over SFTP gives the same rows when its connection is cut on the way",
  ignore: !requireOpenSsh(),
  fn: async () => {
    const text = "id,note\n" +
      Array.from({ length: 120_000 }, (_, id) => `${id},"line one of ${id}\nline ""two"", Zoë"\n`).join("");
    const config = { stream: "s", folder: "in", file: "a.csv", identify_by: ["id"] };
    const local = await runJob(csvImport, { config, connection: { files: memoryStore({ "in/a.csv": text }) } });

    await using server = await startOpenSsh();
    await Deno.mkdir(`${server.folder}/in`);
    await Deno.writeTextFile(`${server.folder}/in/a.csv`, text);
    const { host, port, username, privateKey, folder } = server;
    await using connection = await sftp.connect({
      label: "Partner",
      config: sftp.config.parse({ host, port, username, private_key: privateKey, folder }),
      peer: { known: server.hostKeyFingerprint, pin: () => Promise.reject(new Error("pinned already")) },
      signal: new AbortController().signal,
      log: collectLog().log,
    });

    let emits = 0;
    const cutOnTheWay: typeof csvImport = {
      ...csvImport,
      run: (context) =>
        csvImport.run({
          ...context,
          emit: async (...args) => {
            if (++emits === 2) await server.dropConnections();
            return await context.emit(...args);
          },
        }),
    };
    const remote = await runJob(cutOnTheWay, { config, connection });
    assert.ok(emits > 2);
    assert.deepEqual(remote.rows, local.rows);
    assert.deepEqual([remote.rejected, local.rejected], [[], []]);
  },
});
