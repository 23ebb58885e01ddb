import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import type { FileStore } from "@waybill/waybill";
import { memorySpool } from "@waybill/waybill/codecs";
import { memoryStore } from "@waybill/waybill/files";
import { collectLog, type OpenSshServer, requireOpenSsh, runJob, startOpenSsh } from "@waybill/waybill/testing";
import { endOfLargeZip, makeZip } from "../../core/codecs/zip/zip_testing.ts";
import { sftp, type SftpFileConnection } from "../file_service/mod.ts";
import { choices } from "./choices.ts";
import { csvImport } from "./mod.ts";

async function connectTo(server: OpenSshServer): Promise<SftpFileConnection> {
  const { host, port, username, privateKey, folder } = server;
  return await sftp.connect({
    label: "Partner",
    config: sftp.config.parse({ host, port, username, private_key: privateKey, folder }),
    peer: { known: server.hostKeyFingerprint, pin: () => Promise.reject(new Error("pinned already")) },
    addresses: { allowPrivate: true },
    signal: new AbortController().signal,
    log: collectLog().log,
  });
}

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
    await using connection = await connectTo(server);

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

Deno.test({
  name: "packed files are imported over SFTP, and go on where they stopped when the connection was cut",
  ignore: !requireOpenSsh(),
  fn: async () => {
    const text = "id,note\n" + Array.from({ length: 60_000 }, (_, id) => `${id},${id * 7919 % 10_007}\n`).join("");
    const packed = {
      "a.csv.gz": gzipSync(text),
      "a.zip": makeZip([{ name: "b.csv", content: text }, { name: "a.csv", content: text }]),
    };
    await using server = await startOpenSsh();
    await using connection = await connectTo(server);
    for (const [file, bytes] of Object.entries(packed)) {
      await Deno.writeFile(`${server.folder}/${file}`, bytes);
      const config = { stream: "s", file };
      const local = await runJob(csvImport, { config, connection: { files: memoryStore({ [file]: bytes }) } });
      const first = await runJob(csvImport, { config, connection, abortAfter: 1 });
      await server.dropConnections();
      const checkpoint = first.commits.at(-1)?.checkpoint;
      assert.ok(checkpoint && !first.finished);
      const rest = await runJob(csvImport, { config, connection, checkpoint });
      assert.deepEqual([...first.rows, ...rest.rows], local.rows);
    }
  },
});

Deno.test({
  name: "an archive of 5 GB on an SFTP server is listed by its directory alone",
  ignore: !requireOpenSsh(),
  fn: async () => {
    await using server = await startOpenSsh();
    const { tail, size } = endOfLargeZip(5_000, 1_100_000);
    {
      using file = await Deno.open(`${server.folder}/x.zip`, { create: true, write: true });
      await file.seek(size - tail.length, Deno.SeekMode.Start);
      for (let at = 0; at < tail.length;) at += await file.write(tail.subarray(at));
    }
    await using connection = await connectTo(server);
    let read = 0;
    const open: FileStore["open"] = async (...args) => {
      const stream = await connection.files.open(...args);
      return stream.pipeThrough(
        new TransformStream<Uint8Array, Uint8Array>(
          {
            transform: (piece, controller) => {
              read += piece.length;
              controller.enqueue(piece);
            },
          },
          undefined,
          { highWaterMark: 0 },
        ),
      );
    };
    const files = {
      open,
      stat: connection.files.stat.bind(connection.files),
      list: connection.files.list.bind(connection.files),
      write: connection.files.write.bind(connection.files),
    };
    const listed = await Array.fromAsync(choices.members.load({
      config: { file: "x.zip" },
      connection: { files },
      query: "",
      after: undefined,
      spool: memorySpool(),
      signal: new AbortController().signal,
      log: collectLog().log,
    }));
    assert.equal(listed.length, 5_000);
    assert.ok(size > 5e9 && read <= tail.length + 4 * 255 * 1024, `${read} bytes were read`);
  },
});
