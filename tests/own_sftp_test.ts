// Waybill's own SFTP server as an SFTP server like any other: for the auth methods that log in over the network.

import assert from "node:assert/strict";
import { join } from "node:path";
import * as openpgp from "openpgp";
import { openSftpStore } from "../core/files/sftp.ts";
import { openTestServer, type TestServer } from "../server/server_testing.ts";
import { type SftpThread, startSftpThread } from "../server/sftp/thread.ts";

const LOGIN = { username: "partner", password: "Secret-1" };
const LOG = { debug() {}, info() {}, warn() {}, error() {} };

interface OwnServer extends AsyncDisposable {
  readonly server: TestServer;
  readonly sftp: SftpThread;
  /** A token that is no operator's. */
  readonly token: string;
}

/** A server that executes runs and serves SFTP, with one account there. */
async function startOwnServer(): Promise<OwnServer> {
  const stack = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "waybill-own-" });
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const home = join(folder, "home");
  const server = stack.use(await openTestServer({ home, runner: "serve" }));
  const { process } = server.runtime;
  assert.ok(process);
  const sftp = stack.use(await startSftpThread({ home, host: "127.0.0.1", port: 0, process: process.id }, LOG));
  await process.servesSftpAt(sftp.address);
  const account = { method: "managed-sftp", label: "account", config: LOGIN };
  assert.equal((await server.call("POST /api/auth", { json: account })).status, 201);
  const { token } = await server.runtime.tokens.create({ name: "manager", scopes: ["data_manager"] });
  return { server, sftp, token, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

Deno.test("an auth that no operator configured reaches Waybill's own SFTP server, and nothing beside it", async () => {
  await using own = await startOwnServer();
  const { server, sftp: { address: { host, port } }, token } = own;
  const create = (config: Record<string, unknown>) =>
    server.call("POST /api/auth", { token, json: { method: "sftp", config: { ...LOGIN, ...config } } });
  for (
    const other of [{ host, port: port === 22 ? 23 : 22 }, { host: "127.0.0.2", port }, { host: "10.0.0.1", port }]
  ) {
    const refused = await create(other);
    assert.equal(refused.status, 400, refused.text);
    assert.match(refused.text, /may not be dialled/);
  }
  const made = await create({ host, port });
  assert.equal(made.status, 201, made.text);
  const check = await server.call(`POST /api/auth/${made.json.data.id}/check`, { token });
  assert.equal(check.json.data.ok, true, check.text);
  const byName = await create({ host: "localhost", port });
  assert.equal(byName.status, 201, byName.text);
  const checked = await server.call(`POST /api/auth/${byName.json.data.id}/check`, { token });
  assert.equal(checked.json.data.ok, true, checked.text);
});

Deno.test("a managed account's credentials work in a PGP method: its encrypted file is imported over the network", async () => {
  await using own = await startOwnServer();
  const { server, sftp: { address: { host, port }, fingerprints: [host_key = ""] }, token } = own;
  const keys = await openpgp.generateKey({ type: "curve25519", userIDs: { name: "Ann" } });
  const encryptionKeys = await openpgp.readKey({ armoredKey: keys.publicKey });
  const message = await openpgp.createMessage({ text: "id,email\n1,ann@example.com\n2,bo@example.com\n" });
  const encrypted = await openpgp.encrypt({ message, encryptionKeys });
  {
    await using partner = await openSftpStore({ ...LOGIN, host, port, verifyHostKey: (seen) => seen === host_key });
    await partner.write("in/customers.csv.asc", new Blob([encrypted]).stream());
  }
  const config = { ...LOGIN, host, port, host_key, folder: "in", pgp_private_key: keys.privateKey };
  const made = await server.call("POST /api/auth", {
    token,
    json: { method: "sftp-pgp-private", label: "pgp", config },
  });
  assert.equal(made.status, 201, made.text);
  const run = await server.call("POST /api/run", {
    token,
    json: {
      type: "csv-import",
      auth: "pgp",
      config: { file: "customers.csv.asc", stream: "customers", identify_by: ["email"] },
    },
  });
  assert.equal(run.status, 202, run.text);
  const { id } = run.json.data;
  for await (const _ of server.runtime.runs.follow(id, { signal: AbortSignal.timeout(240_000) }));
  const ended = (await server.call(`GET /api/run/${id}`)).json.data;
  assert.deepEqual([ended.status, ended.read, ended.accepted], ["succeeded", 2, 2], JSON.stringify(ended.failure));
  // The SFTP server writes down what happens after it has answered.
  const isDownload = ({ action, path }: Record<string, unknown>) =>
    action === "download" && path === "/in/customers.csv.asc";
  const deadline = AbortSignal.timeout(120_000);
  while (!(await server.call("GET /api/sftp/log?username=partner")).json.data.some(isDownload)) {
    deadline.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
});

Deno.test("a job that runs on arrival takes a file once its upload is closed, and refuses auths that nobody uploads to", async () => {
  await using own = await startOwnServer();
  const { server, sftp: { address: { host, port } } } = own;
  const upload = async (text: string) => {
    await using partner = await openSftpStore({ ...LOGIN, host, port, verifyHostKey: () => true });
    await partner.write("customers.csv", new Blob([text]).stream());
  };
  /** The job's newest run but `before`, once it has ended. */
  const nextRun = async (before?: string) => {
    const deadline = AbortSignal.timeout(120_000);
    for (;;) {
      const id: string | null = (await server.call("GET /api/job/partner-files")).json.data.last_run_id;
      if (id !== null && id !== before) {
        for await (const _ of server.runtime.runs.follow(id, { signal: deadline }));
        return (await server.call(`GET /api/run/${id}`)).json.data;
      }
      deadline.throwIfAborted();
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  await upload("id,email\n1,ann@example.com\n");
  const config = {
    file: "customers.csv",
    stream: "customers",
    identify_by: ["email"],
    keep_updated: true,
    frequency: "on-arrival",
  };
  const json = { type: "csv-import", auth: "account", label: "partner-files", config };
  const made = await server.call("POST /api/job", { json });
  assert.equal(made.status, 201, made.text);
  const first = await nextRun();
  assert.deepEqual([first.status, first.accepted], ["succeeded", 1], JSON.stringify(first.failure));
  await upload("id,email\n1,ann@example.com\n2,bo@example.com\n");
  const second = await nextRun(first.id);
  assert.deepEqual([second.status, second.accepted], ["succeeded", 2], JSON.stringify(second.failure));
  const folder = { method: "local-folder", label: "folder", config: { folder: server.folder } };
  assert.equal((await server.call("POST /api/auth", { json: folder })).status, 201);
  const refused = await server.call("POST /api/job", { json: { ...json, auth: "folder", label: "other" } });
  assert.equal(refused.status, 400, refused.text);
  assert.match(refused.text, /Nobody tells when a file has come to auth/);
  // Each file that it writes would start it again.
  const way = { audience: "all", continuous: true, frequency: "on-arrival" };
  const out = { type: "sftp-csv-export", auth: "account", label: "out", config: way };
  const looping = await server.call("POST /api/job", { json: out });
  assert.equal(looping.status, 400, looping.text);
  assert.match(looping.text, /frequency.* must be one of 15min, 30min, hourly, 6h, daily, weekly, monthly, or a cron/);
});
