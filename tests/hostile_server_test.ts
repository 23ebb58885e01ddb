/** Servers that misbehave, and folders that change under an import: it says what is wrong, and stores nothing of it. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { testCli } from "../cli/cli_testing.ts";
import { makeZip } from "../core/codecs/zip/zip_testing.ts";
import { type HostileServer, type Misdeeds, startHostileServer } from "../core/files/sftp/hostile_testing.ts";
import { type CuttingProxy, requireOpenSsh, startOpenSsh, startProxy } from "@waybill/waybill/testing";
import { createPartner, openQuietRuntime, temporaryFolder } from "./support/home.ts";

const CSV = "id,email\n1,ada@example.com\n2,bob@example.com\n";
const ZIP = makeZip([{ name: "a.csv", content: CSV }]);
const ONE = ["--file", "a.csv"];
const SEQUENCE = ["--file", "a_20260101.csv", "--prefix", "a_", "--settle-seconds", "0"];

/** What was stored, and how the command ended. */
interface Outcome {
  readonly code: number;
  readonly said: string;
  readonly events: number;
  readonly opened: readonly string[];
}

/** Imports from a server with these files, by the command line. */
async function importFrom(
  misdeeds: Misdeeds,
  files: Readonly<Record<string, string | Uint8Array>>,
  flags: readonly string[],
): Promise<Outcome> {
  await using server: HostileServer = await startHostileServer(misdeeds);
  for (const [path, content] of Object.entries(files)) server.files.set(path, Buffer.from(content));
  await using cli = await testCli();
  await Deno.writeTextFile(join(cli.folder, "password"), "geheim");
  const { host, port } = server;
  const login = ["--host", host, "--port", String(port), "--username", "somebody"];
  const password = ["--password-file", join(cli.folder, "password")];
  await cli.json("auth", "create", "sftp", "--label", "partner", ...login, ...password);
  const into = ["--stream", "people", "--identify-by", "id"];
  const { code, stderr } = await cli.run(["run", "csv-import", "--auth", "partner", ...into, ...flags]);
  const shown = await cli.run(["stream", "show", "people", "--json"]);
  const events = shown.code === 0 ? JSON.parse(shown.stdout).events : 0;
  return { code, said: stderr, events, opened: server.opened };
}

const endless = (count: number) => Array.from({ length: 100 }, (_, index) => `${count}-${index}${"x".repeat(2_400)}`);

const REFUSED: readonly (readonly [
  what: string,
  misdeeds: Misdeeds,
  files: Readonly<Record<string, string | Uint8Array>>,
  flags: readonly string[],
  code: number,
  said: RegExp,
])[] = [
  [
    "lists without end",
    { names: endless },
    {},
    SEQUENCE,
    3,
    /lists more than 100,000,000 characters of names in folder ""/,
  ],
  ["tells a size that is too large", { size: (bytes) => bytes + 1 }, { "/a.csv": CSV }, ONE, 5, /it is shorter than/],
  ["tells a size that is too small", { size: (bytes) => bytes - 20 }, { "/a.csv": CSV }, ONE, 5, /it holds more than/],
  ["tells no size", { size: () => 0 }, { "/a.csv": CSV }, ONE, 5, /it holds more than the 0 bytes/],
  [
    "tells a size of a zip archive that is too small",
    { size: (bytes) => bytes - 20 },
    { "/a.zip": ZIP },
    ["--file", "a.zip"],
    5,
    /"a\.zip"/,
  ],
  [
    "tells a size of a zip archive that is too large",
    { size: (bytes) => bytes + 70_000 },
    { "/a.zip": ZIP },
    ["--file", "a.zip"],
    5,
    /"a\.zip"/,
  ],
];

for (const [what, misdeeds, files, flags, code, said] of REFUSED) {
  Deno.test(`nothing is imported from a server that ${what}`, async () => {
    const outcome = await importFrom(misdeeds, files, flags);
    assert.deepEqual([outcome.code, outcome.events], [code, 0], outcome.said);
    assert.match(outcome.said, said);
  });
}

Deno.test("of a server that lists names that lead elsewhere, the files below its folder alone are opened", async () => {
  const listed = ["../a_20260101.csv", "/a_20260102.csv", "x/../../a_20260103.csv", "..", "a_20260104.csv"];
  const files = Object.fromEntries(listed.map((name) => [name.startsWith("/") ? name : `/${name}`, CSV]));
  const names = (count: number) => count === 0 ? listed : undefined;
  const { code, said, events, opened } = await importFrom({ names }, files, SEQUENCE);
  assert.deepEqual([code, events, [...new Set(opened)]], [0, 2, ["/a_20260104.csv"]], said);
  assert.match(said, /what can be no name, such as "\S+": left out/);
});

/** Runs an import from OpenSSH through a proxy; `change` may do what it likes whenever something was logged. */
async function importWhile(
  files: Readonly<Record<string, string>>,
  config: Readonly<Record<string, string | number>>,
  change: (place: { readonly folder: string; readonly proxy: CuttingProxy }, logged: string) => void,
) {
  await using folder = await temporaryFolder();
  await using server = await startOpenSsh();
  await using proxy = await startProxy(server);
  await Deno.mkdir(join(server.folder, "in"));
  for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(join(server.folder, "in", name), text);
  const place = { folder: join(server.folder, "in"), proxy };
  await using runtime = await openQuietRuntime(join(folder.path, "home"), "cli", (line) => change(place, line));
  await createPartner(runtime, { ...server, host: proxy.host, port: proxy.port });
  change(place, "ready");
  const { id } = await runtime.runs.start({
    type: "csv-import",
    auth: "partner",
    config: { stream: "people", folder: "in", identify_by: "id", ...config },
  });
  for await (const _ of runtime.runs.follow(id, { signal: AbortSignal.timeout(240_000) }));
  const run = await runtime.runs.get(id);
  const streams = await runtime.streams.list();
  return { run, events: streams.reduce((sum, { events }) => sum + events, 0) };
}

const ignore = !requireOpenSsh();

Deno.test({
  name: "nothing is imported from a folder that goes while its files are waited for",
  ignore,
  fn: async () => {
    const files = { "a_20260101.csv": CSV, "a_20260102.csv": CSV };
    // Files that were just written have not settled.
    const { run, events } = await importWhile(
      files,
      { file: "a_20260101.csv", prefix: "a_", settle_seconds: 5 },
      ({ folder }, logged) => {
        if (logged.includes("may still be being written")) Deno.removeSync(folder, { recursive: true });
      },
    );
    assert.deepEqual([run.status, run.failure?.kind, events], ["failed", "config", 0]);
    assert.match(run.failure?.message ?? "", /"in" does not exist/);
  },
});

Deno.test({
  name: "nothing is imported of a file that changes while its connection is cut",
  ignore,
  fn: async () => {
    const text = "id,email\n" +
      Array.from({ length: 20_000 }, (_, row) => `${row},user${row}@example.com\n`).join("");
    for (const after of [text.replace("user7@", "user8@"), text + "9,nine@example.com\n", text.slice(0, 300_000)]) {
      const { run, events } = await importWhile({ "a.csv": text }, { file: "a.csv" }, ({ folder, proxy }, logged) => {
        if (logged !== "ready") return;
        proxy.cutAfter(200_000, async () => {
          await Deno.writeTextFile(join(folder, "a.csv"), after);
          await Deno.utime(join(folder, "a.csv"), 2_000_000_000, 2_000_000_000);
        });
      });
      assert.deepEqual([run.status, run.failure?.kind, events], ["failed", "data", 0], run.failure?.message);
      assert.match(run.failure?.message ?? "", /"in\/a\.csv" changed while it was read/);
    }
  },
});
