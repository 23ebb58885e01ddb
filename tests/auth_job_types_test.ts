/**
 * The table of docs/compatibility.md "Auth methods and job types": each of its cells names a test of this file that asks
 * through CLI, HTTP API and choices whether the auth method works with the job type.
 */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import * as openpgp from "openpgp";
import { testCli } from "../cli/cli_testing.ts";
import { variables } from "../core/engine/mail/smtp_testing.ts";
import type { JsonValue } from "../core/contracts/records.ts";
import { openTestServer } from "../server/server_testing.ts";
import { plugins } from "../plugins/mod.ts";

const { privateKey: ssh } = generateKeyPairSync("ed25519");
const pgp = await openpgp.generateKey({ type: "curve25519", userIDs: { name: "Ann" } });
const LOGIN = {
  host: "127.0.0.1",
  // Nothing listens there: an auth that fits is dialled, one that does not fit is not.
  port: 1,
  username: "ann",
  private_key: ssh.export({ type: "pkcs8", format: "pem" }).toString(),
};

const MANAGED_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIK0wmN/Cr3JXqmLW7u+g9pTh+wyqDHpSQEIQczXkVx9q partner";

/** A bucket that lets nobody in: where nothing listened, each request would be sent again for seconds. */
const bucket = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => {
  return new Response("<Error><Code>AccessDenied</Code></Error>", { status: 403 });
});
bucket.unref();

/** What auths of each method are configured with. */
const CONFIGS: Readonly<Record<string, { readonly [key: string]: JsonValue }>> = {
  "sftp": LOGIN,
  "sftp-pgp-private": { ...LOGIN, pgp_private_key: pgp.privateKey },
  "sftp-pgp-public": { ...LOGIN, pgp_public_key: pgp.publicKey },
  "managed-sftp": { username: "partner", public_key: MANAGED_KEY },
  "local-folder": { folder: "/nowhere/at/all" },
  "email": {},
  "s3": {
    endpoint: `http://127.0.0.1:${bucket.addr.port}`,
    bucket: "partner",
    access_key_id: "id",
    secret_access_key: "secret",
  },
};

/** What jobs of each type are configured with, and an auth method that they all work with but one. */
const IMPORT = { config: { stream: "people", file: "people.x" }, fits: "sftp-pgp-private" };
const JOBS: Readonly<Record<string, { readonly config: Record<string, string>; readonly fits: string }>> = {
  "csv-import": IMPORT,
  "json-import": IMPORT,
  "profile-import": { ...IMPORT, config: { file: "people.x" } },
  "audience-import": { ...IMPORT, config: { app_id: "weather", audience_name: "news", file: "people.x" } },
  "sftp-csv-export": { config: { audience: "all" }, fits: "sftp-pgp-public" },
  "audience-export": { config: { audience: "all", identifier_type: "email" }, fits: "sftp-pgp-public" },
  "profile-export": { config: { table: "user" }, fits: "sftp-pgp-public" },
  "log-export": { config: { app: "weather" }, fits: "sftp-pgp-public" },
  "email-csv": { config: { audience: "all", email: "ann@example.com" }, fits: "email" },
};

Deno.test("the table has a cell for each auth method of files and each job type, as they are declared", async () => {
  const page = await Deno.readTextFile(new URL("../docs/compatibility.md", import.meta.url));
  const cells = [...page.matchAll(/^\| `([\w-]+)` × `([\w-]+)` +\| (works|refused) /gm)]
    .map(([, method, type, said]) => `${method} × ${type}: ${said}`);
  const service = plugins.flatMap(({ providers = [] }) => providers).find(({ id }) => id === "file-service");
  // Whatever their provider is: those that read or write files.
  const jobs = plugins.flatMap(({ jobs = [] }) => jobs)
    .filter(({ auths }) => auths.some(({ id }) => service?.auths.some((auth) => auth.id === id)));
  const declared = service?.auths.flatMap((auth) =>
    jobs.map((job) => `${auth.id} × ${job.id}: ${job.auths.some(({ id }) => id === auth.id) ? "works" : "refused"}`)
  );
  assert.deepEqual(cells.sort(), declared?.sort());
});

Deno.test("sftp works with csv-import", () => cell("sftp", "csv-import", true));
Deno.test("sftp works with json-import", () => cell("sftp", "json-import", true));
Deno.test("sftp works with audience-import", () => cell("sftp", "audience-import", true));
Deno.test("sftp works with profile-import", () => cell("sftp", "profile-import", true));
Deno.test("sftp-pgp-private works with csv-import", () => cell("sftp-pgp-private", "csv-import", true));
Deno.test("sftp-pgp-private works with json-import", () => cell("sftp-pgp-private", "json-import", true));
Deno.test("sftp-pgp-private works with audience-import", () => cell("sftp-pgp-private", "audience-import", true));
Deno.test("sftp-pgp-private works with profile-import", () => cell("sftp-pgp-private", "profile-import", true));
Deno.test("sftp-pgp-public is refused by csv-import", () => cell("sftp-pgp-public", "csv-import", false));
Deno.test("sftp-pgp-public is refused by json-import", () => cell("sftp-pgp-public", "json-import", false));
Deno.test("sftp-pgp-public is refused by audience-import", () => cell("sftp-pgp-public", "audience-import", false));
Deno.test("sftp-pgp-public is refused by profile-import", () => cell("sftp-pgp-public", "profile-import", false));
Deno.test("managed-sftp works with csv-import", () => cell("managed-sftp", "csv-import", true));
Deno.test("managed-sftp works with json-import", () => cell("managed-sftp", "json-import", true));
Deno.test("managed-sftp works with audience-import", () => cell("managed-sftp", "audience-import", true));
Deno.test("managed-sftp works with profile-import", () => cell("managed-sftp", "profile-import", true));
Deno.test("local-folder works with csv-import", () => cell("local-folder", "csv-import", true));
Deno.test("local-folder works with json-import", () => cell("local-folder", "json-import", true));
Deno.test("local-folder works with audience-import", () => cell("local-folder", "audience-import", true));
Deno.test("local-folder works with profile-import", () => cell("local-folder", "profile-import", true));
Deno.test("s3 works with csv-import", () => cell("s3", "csv-import", true));
Deno.test("s3 works with json-import", () => cell("s3", "json-import", true));
Deno.test("s3 works with audience-import", () => cell("s3", "audience-import", true));
Deno.test("s3 works with profile-import", () => cell("s3", "profile-import", true));
Deno.test("sftp works with sftp-csv-export", () => cell("sftp", "sftp-csv-export", true));
Deno.test("sftp-pgp-private is refused by sftp-csv-export", () => cell("sftp-pgp-private", "sftp-csv-export", false));
Deno.test("sftp-pgp-public works with sftp-csv-export", () => cell("sftp-pgp-public", "sftp-csv-export", true));
Deno.test("managed-sftp works with sftp-csv-export", () => cell("managed-sftp", "sftp-csv-export", true));
Deno.test("local-folder works with sftp-csv-export", () => cell("local-folder", "sftp-csv-export", true));
Deno.test("s3 works with sftp-csv-export", () => cell("s3", "sftp-csv-export", true));
Deno.test("sftp is refused by email-csv", () => cell("sftp", "email-csv", false));
Deno.test("sftp-pgp-private is refused by email-csv", () => cell("sftp-pgp-private", "email-csv", false));
Deno.test("sftp-pgp-public is refused by email-csv", () => cell("sftp-pgp-public", "email-csv", false));
Deno.test("managed-sftp is refused by email-csv", () => cell("managed-sftp", "email-csv", false));
Deno.test("local-folder is refused by email-csv", () => cell("local-folder", "email-csv", false));
Deno.test("s3 is refused by email-csv", () => cell("s3", "email-csv", false));
Deno.test("email is refused by csv-import", () => cell("email", "csv-import", false));
Deno.test("email is refused by json-import", () => cell("email", "json-import", false));
Deno.test("email is refused by profile-import", () => cell("email", "profile-import", false));
Deno.test("email is refused by sftp-csv-export", () => cell("email", "sftp-csv-export", false));
Deno.test("email is refused by audience-import", () => cell("email", "audience-import", false));
Deno.test("sftp works with audience-export", () => cell("sftp", "audience-export", true));
Deno.test("sftp-pgp-private is refused by audience-export", () => cell("sftp-pgp-private", "audience-export", false));
Deno.test("sftp-pgp-public works with audience-export", () => cell("sftp-pgp-public", "audience-export", true));
Deno.test("managed-sftp works with audience-export", () => cell("managed-sftp", "audience-export", true));
Deno.test("local-folder works with audience-export", () => cell("local-folder", "audience-export", true));
Deno.test("s3 works with audience-export", () => cell("s3", "audience-export", true));
Deno.test("email is refused by audience-export", () => cell("email", "audience-export", false));
Deno.test("sftp works with profile-export", () => cell("sftp", "profile-export", true));
Deno.test("sftp-pgp-private is refused by profile-export", () => cell("sftp-pgp-private", "profile-export", false));
Deno.test("sftp-pgp-public works with profile-export", () => cell("sftp-pgp-public", "profile-export", true));
Deno.test("managed-sftp works with profile-export", () => cell("managed-sftp", "profile-export", true));
Deno.test("local-folder works with profile-export", () => cell("local-folder", "profile-export", true));
Deno.test("s3 works with profile-export", () => cell("s3", "profile-export", true));
Deno.test("email is refused by profile-export", () => cell("email", "profile-export", false));
Deno.test("sftp works with log-export", () => cell("sftp", "log-export", true));
Deno.test("sftp-pgp-private is refused by log-export", () => cell("sftp-pgp-private", "log-export", false));
Deno.test("sftp-pgp-public works with log-export", () => cell("sftp-pgp-public", "log-export", true));
Deno.test("managed-sftp works with log-export", () => cell("managed-sftp", "log-export", true));
Deno.test("local-folder works with log-export", () => cell("local-folder", "log-export", true));
Deno.test("s3 works with log-export", () => cell("s3", "log-export", true));
Deno.test("email is refused by log-export", () => cell("email", "log-export", false));
Deno.test("email works with email-csv", () => cell("email", "email-csv", true));

async function cell(method: string, type: string, works: boolean): Promise<void> {
  // Nothing listens there, either.
  using _set = variables({ WAYBILL_SMTP_URL: "smtp://127.0.0.1:1" });
  await overCli(method, type, works);
  await overHttp(method, type, works);
}

async function overCli(method: string, type: string, works: boolean): Promise<void> {
  await using cli = await testCli();
  const secrets = await Promise.all(
    Object.entries(CONFIGS[method] ?? {}).map(async ([key, value]) => {
      const flag = `--${key.replaceAll("_", "-")}`;
      if (!/_key$/.test(key) || key === "public_key") return [flag, String(value)];
      const path = `${cli.folder}/${key}`;
      await Deno.writeTextFile(path, String(value));
      return [`${flag}-file`, path];
    }),
  );
  await cli.json("auth", "create", method, "--label", "files", ...secrets.flat());
  const { config, fits } = JOBS[type]!;
  if (config["app"] !== undefined) await cli.json("app", "create", "--name", config["app"]);
  const flags = Object.entries(config).flatMap(([key, value]) => [`--${key}`, value]);
  const job = ["--auth", "files", ...flags];
  const made = await cli.run(["job", "create", type, "--label", "nightly", ...job]);
  const ran = await cli.run(["job", "plan", type, ...job]);
  if (works) {
    assert.equal(made.code, 0, made.stderr);
    assert.doesNotMatch(ran.stderr, /does not fit/);
    return;
  }
  for (const { code, stderr } of [made, ran]) {
    assert.equal(code, 3, stderr);
    assert.match(stderr, new RegExp(`Auth "files" does not fit job type "${type}"`));
    assert.match(stderr, new RegExp(`works with auth methods .*"${fits}"`));
  }
}

async function overHttp(method: string, type: string, works: boolean): Promise<void> {
  await using server = await openTestServer();
  const config = CONFIGS[method];
  const auth = await server.call("POST /api/auth", { json: { method, label: "files", config } });
  assert.equal(auth.status, 201, auth.text);
  const job = JOBS[type]?.config;
  if (job?.["app"] !== undefined) await server.call("POST /api/app", { json: { name: job["app"] } });
  const declared = (await server.call(`GET /api/job/type/${type}`)).json.data;
  assert.equal(declared.auth_methods.includes(method), works);
  const made = await server.call("POST /api/job", { json: { type, auth: "files", label: "nightly", config: job } });
  const run = await server.call("POST /api/run", { json: { type, auth: "files", config: job } });
  // Audiences are listed whatever the auth.
  const field = declared.choices.map((choice: { readonly field: string }) => choice.field).find((one: string) =>
    one === "folder"
  );
  const choices = field === undefined ? undefined : await server.call(
    `POST /api/job/type/${type}/choices/${field}`,
    { json: { auth: "files", config: {} } },
  );
  if (works) {
    assert.deepEqual([made.status, run.status], [201, 202], made.text + run.text);
    // It was dialled, or looked for: what is wrong is the other side.
    assert.doesNotMatch(choices?.text ?? "", /does not fit/);
    return;
  }
  for (const reply of [made, run, ...choices === undefined ? [] : [choices]]) {
    assert.equal(reply.status, 400, reply.text);
    assert.match(reply.text, /does not fit job type/);
  }
}
