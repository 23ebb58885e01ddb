import assert from "node:assert/strict";
import { Failure } from "@waybill/waybill";
import { collectLog, type OpenSshServer, requireOpenSsh, runExport, startOpenSsh } from "@waybill/waybill/testing";
import { sftp, type SftpFileConnection } from "../file_service/mod.ts";
import { sftpCsvExport } from "./mod.ts";

const ignore = !requireOpenSsh();
const MEMBERS = Array.from({ length: 60_000 }, (_, id) => ({ id, note: `note ${(id * 7919) % 10_007}, "quoted"` }));
const EXPECTED = `id,note\r\n${MEMBERS.map(({ id, note }) => `${id},"${note.replaceAll('"', '""')}"\r\n`).join("")}`;
const JOB = { id: "0123456789abcdef", label: "nightly", revision: 1 };

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

const names = async ({ folder }: OpenSshServer) =>
  (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);

for (const sftpFlags of ["", "-P posix-rename"]) {
  const kind = sftpFlags === "" ? "OpenSSH" : "OpenSSH that replaces no file";
  Deno.test({
    name: `an export to ${kind} whose connection is cut starts again, and the file before stays until it is whole`,
    ignore,
    fn: async () => {
      await using server = await startOpenSsh({ sftp: sftpFlags });
      await using connection = await connectTo(server);
      const path = `${server.folder}/everybody.csv`;
      await Deno.writeTextFile(path, "old");
      const config = { audience: "everybody" };
      let batches = 0;
      const cutOnTheWay: typeof sftpCsvExport = {
        ...sftpCsvExport,
        run: (context) =>
          sftpCsvExport.run({
            ...context,
            members: async function* (from) {
              for await (const batch of context.members(from)) {
                if (++batches === 3) await server.dropConnections();
                yield batch;
              }
            },
          }),
      };
      const options = { config, connection, members: MEMBERS, batch: 10_000, job: JOB };
      await assert.rejects(runExport(cutOnTheWay, options), (error) => {
        assert.ok(error instanceof Failure && error.kind === "transient", String(error));
        assert.match(error.message, /^The connection to server ".*" was lost$/);
        return true;
      });
      assert.deepEqual([await names(server), await Deno.readTextFile(path)], [["everybody.csv"], "old"]);

      // What a killed attempt leaves nobody has cleared away.
      for (const random of ["0123abcd", "1123abcd"]) {
        await Deno.writeTextFile(`${server.folder}/.everybody.csv.waybill-${JOB.id}-${random}.part`, "half");
      }
      const again = await runExport(sftpCsvExport, options);
      assert.ok(again.finished);
      assert.deepEqual([await names(server), await Deno.readTextFile(path)], [["everybody.csv"], EXPECTED]);
    },
  });
}

Deno.test({ name: "a folder that may be written to and not be listed takes an export", ignore }, async () => {
  await using server = await startOpenSsh({ sftp: "-P opendir" });
  await using connection = await connectTo(server);
  const { finished } = await runExport(sftpCsvExport, {
    config: { audience: "everybody", compress: "gzip" },
    connection,
    members: MEMBERS,
  });
  assert.ok(finished);
  assert.deepEqual(await names(server), ["everybody.csv.gz"]);
});
