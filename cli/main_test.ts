import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { fileURLToPath } from "node:url";
import { freePort } from "../core/testing/free_port.ts";
import { EXAMPLES, testCli } from "./cli_testing.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

async function decoded(command: Deno.Command): Promise<{ code: number; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await command.output();
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

/** Profiles of the example in Germany. */
const EXPORTED = 320;

Deno.test("the demo runs with its task's permissions, tells what happened, and is harmless twice", async () => {
  const home = await Deno.makeTempDir();
  const demo = (...flags: string[]) =>
    decoded(new Deno.Command("deno", { args: ["task", "--quiet", "demo", "--home", home, ...flags], cwd: ROOT }));
  try {
    const first = await demo();
    assert.equal(first.code, 0, first.stderr);
    assert.match(first.stdout, /rows read +2,820 /);
    assert.match(first.stdout, /accepted +2,812\n/);
    assert.match(first.stdout, /rejected +8\n/);
    assert.match(first.stdout, /247 {2}Has 14 cells where the header has 13 \(in "customers_20260301\.csv"\)\n/);
    assert.match(first.stdout, /profiles made +[1-9]/);
    assert.match(first.stdout, /rows read +5,643 [^]*accepted +3\nrejected +16\nunchanged +5,624\n/);
    assert.match(first.stdout, /email +priya\.iyer1061@example\.net\n/);
    assert.match(first.stdout, new RegExp(`profiles exported +${EXPORTED} `));
    assert.match(first.stderr, new RegExp(`decrypts it, and reads ${EXPORTED} rows`));
    assert.match(first.stdout, / {2}customer_id,email,city\n {2}C-\d+,[^,]+@example\.\w+,/);
    assert.match(first.stderr, new RegExp(`Next:\n +.*deno.* task waybill run rejects [0-9a-f]{32} --home ${home}\n`));
    const second = await demo();
    assert.match(second.stderr, /was in already.*harmless/);
    assert.match(second.stdout, /read +0\n/);
    const third = await demo("--json");
    const runs = third.stdout.trim().split("\n").map((line) => JSON.parse(line));
    // The encrypted file is another each time; what is in it is not.
    assert.deepEqual(
      runs.map((run) => [run.status, run.read, run.accepted, run.rejected, run.unchanged, run.rows]),
      [["succeeded", 0, 0, 0, 0, 0], ["succeeded", 2822, 0, 8, 2814, 0], ["succeeded", 0, 0, 0, 0, EXPORTED]],
    );
    assert.equal(runs[2].path, "germany.csv.gz.pgp");
    assert.equal(third.stderr, "");
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});

Deno.test("the demo keeps to a database of its own, says so, and the commands it names find it", async () => {
  const home = await Deno.makeTempDir();
  const nowhere = "postgres://waybill:secret@127.0.0.1:1/waybill";
  const options = { cwd: ROOT, env: { WAYBILL_DATABASE_URL: nowhere } };
  try {
    const args = ["task", "--quiet", "demo", "--home", home];
    const demo = await decoded(new Deno.Command("deno", { args, ...options }));
    assert.equal(demo.code, 0, demo.stderr);
    assert.match(demo.stderr, /^WAYBILL_DATABASE_URL is not used: /);
    assert.ok(!demo.stderr.includes("secret"));
    const [, step] = /\n +WAYBILL_DATABASE_URL= .*deno.* task waybill (run list .*)\n/.exec(demo.stderr) ?? [];
    assert.equal(step, `run list --home ${home}`);
    const pasted = ["task", "--quiet", "waybill", ...step.split(" "), "--json"];
    const emptied = { ...options, env: { WAYBILL_DATABASE_URL: "" } };
    const { stdout } = await decoded(new Deno.Command("deno", { args: pasted, ...emptied }));
    assert.equal(JSON.parse(stdout).length, 3);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});

Deno.test("the demo goes on serving when it is told to, with the addresses to try", async () => {
  const home = await Deno.makeTempDir();
  const args = ["task", "--quiet", "demo", "--home", home, "--keep"];
  const child = new Deno.Command("deno", { args, cwd: ROOT, stdin: "null", stdout: "null", stderr: "piped" }).spawn();
  try {
    let said = "";
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
      said += text;
      if (/Waybill listens on http/.test(said)) break;
    }
    assert.match(said, /sftp -P \d+ demo-partner@127\.0\.0\.1, with the password Demo-[0-9a-f]{8}\n/);
    const [, url] = /Waybill listens on (http:\S+),/.exec(said) ?? [];
    assert.equal((await fetch(`${url}/healthz`)).status, 200);
  } finally {
    child.kill("SIGTERM");
    await child.status;
    await Deno.remove(home, { recursive: true });
  }
});

Deno.test("the first journey: auth, choices, plan, run, rejects, stream, profile", async () => {
  await using cli = await testCli();
  const auth = await cli.json("auth", "create", "local-folder", "--label", "in", "--folder", EXAMPLES);
  assert.match(String(auth.id), /^[0-9a-f]{32}$/);
  assert.equal(auth.label, "in");
  const checked = await cli.run(["auth", "check", "in"]);
  assert.equal(checked.code, 0);
  assert.match(checked.stdout, /^ok +folder/);
  assert.match(checked.stderr, /waybill run csv-import --auth in --help/);

  const { items } = await cli.json("choices", "csv-import", "file", "--auth", "in", "--query", "CUSTOMERS.CSV");
  assert.deepEqual((items as { value: string }[]).map(({ value }) => value), ["customers.csv"]);

  const flags = ["--file", "customers.csv", "--stream", "customers", "--identify-by", "customer_id,email"];
  const plan = await cli.json("job", "plan", "csv-import", ...flags);
  assert.match(String(plan.summary), /customers\.csv/);
  const run = await cli.run(["run", "csv-import", ...flags, "--timestamps", "updated_at"]);
  assert.equal(run.code, 0, run.stderr);
  assert.match(run.stdout, /succeeded/);
  assert.match(run.stderr, /waybill stream fields customers\n.*waybill profile get customer_id VALUE/);

  const [{ id }] = await cli.json("run", "list") as unknown as [{ id: string }];
  const rejects = await cli.json("run", "rejects", id) as unknown as { line: number; reason: string }[];
  assert.deepEqual(rejects.map(({ line }) => line), [247, 649, 1024, 1469, 1963, 2221, 2579, 3174]);
  assert.match((await cli.run(["run", "rejects", id, "--as-csv"])).stdout, /^customer_id,email,.*\nC-900001,/);
  const stream = await cli.json("stream", "show", "customers");
  assert.deepEqual([stream.name, stream.events], ["customers", 2812]);
  const profile = await cli.json("profile", "get", "email", "priya.iyer1061@example.net");
  assert.equal((profile.attributes as Record<string, unknown>).lifetime_value, "422.68");
});

Deno.test("a saved job is run with flags over its own, paused, resumed, changed and deleted", async () => {
  await using cli = await testCli();
  await cli.json("auth", "create", "local-folder", "--label", "in", "--folder", EXAMPLES);
  const made = ["--file", "nope.csv", "--stream", "a", "--identify-by", "email", "--identify-by", "customer_id"];
  const job = await cli.json("job", "create", "csv-import", "--label", "nightly", ...made);
  assert.deepEqual(job.config, { file: "nope.csv", stream: "a", identify_by: ["email", "customer_id"] });
  const failed = await cli.run(["run", "nightly"]);
  assert.equal(failed.code, 3);
  assert.match(failed.stderr, /error: File or folder "nope\.csv" does not exist\nhint: /);
  const run = await cli.json("run", "nightly", "--file=customers.csv");
  assert.deepEqual([run.status, run.job_id, run.accepted], ["succeeded", job.id, 2812]);

  await cli.json("job", "pause", "nightly");
  assert.equal((await cli.run(["run", "nightly", "--file=customers.csv"])).code, 3);
  assert.equal((await cli.json("job", "resume", "nightly")).status, "active");
  const changed = await cli.json(
    "job",
    "update",
    "nightly",
    "--label",
    "n2",
    "--unset",
    "identify-by",
    "--fields",
    "email",
  );
  assert.deepEqual([changed.label, changed.config], ["n2", { file: "nope.csv", stream: "a", fields: ["email"] }]);
  const deleted = await cli.run(["auth", "delete", "in"]);
  assert.equal(deleted.code, 0);
  assert.match(deleted.stderr, /Job "n2" is paused: it has no auth any more\n(.*\n)+.*job update n2 --auth AUTH\n/);
  assert.equal((await cli.json("job", "show", "n2")).status, "paused");
  assert.equal((await cli.run(["job", "delete", "n2"])).code, 0);
});

Deno.test("secrets come from a file or the environment, are never shown, and leave at will", async () => {
  await using cli = await testCli();
  const file = `${cli.folder}/password`;
  await Deno.writeTextFile(file, "hunter2-from-file\n");
  const create = ["auth", "create", "sftp", "--label", "partner", "--host", "127.0.0.1", "--username", "u"];
  const saved = await cli.run([...create, "--password-file", file]);
  assert.match(saved.stdout, /secrets +password\n/);
  Deno.env.set("WAYBILL_PASSPHRASE", "hunter2-from-environment");
  try {
    const updated = await cli.run(["auth", "update", "partner", "--port", "2222"]);
    assert.match(updated.stdout, /secrets +(password, passphrase|passphrase, password)\n/);
    assert.match(updated.stderr, /Passphrase: taken from WAYBILL_PASSPHRASE/);
  } finally {
    Deno.env.delete("WAYBILL_PASSPHRASE");
  }
  const shown = await cli.run(["auth", "update", "partner", "--unset", "passphrase", "--json"]);
  assert.deepEqual(JSON.parse(shown.stdout).secrets, ["password"]);
  // The name of the flag that gave it does, too; what is left must still be enough.
  const refused = await cli.run(["auth", "update", "partner", "--private-key-file", file]);
  assert.equal(refused.code, 3);
  assert.match(refused.stderr, /--private-key-file has no form that is known: give the whole text of an OpenSSH/);
  assert.doesNotMatch(refused.stderr, /hunter2/);
  const pem = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  await Deno.writeTextFile(`${cli.folder}/key`, pem);
  const key = await cli.json("auth", "update", "partner", "--private-key-file", `${cli.folder}/key`);
  assert.deepEqual([...key.secrets as string[]].sort(), ["password", "private_key"]);
  const { secrets } = await cli.json("auth", "update", "partner", "--unset", "private-key-file");
  assert.deepEqual(secrets, ["password"]);
  const last = await cli.run(["auth", "update", "partner", "--unset", "password"]);
  assert.equal(last.code, 3);
  assert.match(last.stderr, /--password-file: give a password, a private key, or both/);
  assert.match((await cli.run(["auth", "update", "partner", "--help"])).stdout, /--unset .*remove these secrets/);
  assert.doesNotMatch(`${saved.stdout}${saved.stderr}${shown.stdout}`, /hunter2/);
  const missing = await cli.run([...create, "--password-file", `${cli.folder}/nope`]);
  assert.equal(missing.code, 3);
  assert.match(missing.stderr, /nope" does not exist/);
});

Deno.test("commands to be pasted repeat the flags that name the data directory and plugins, in JSON too", async () => {
  await using cli = await testCli();
  const home = `${cli.folder}/home`;
  const plugin = new URL("../examples/contact_book/mod.ts", import.meta.url).href;
  const given = ["--home", home, "--plugin", plugin];
  await cli.json("auth", "create", "local-folder", "--label", "in", "--folder", EXAMPLES, ...given);
  const run = await cli.run(["run", "csv-import", "--file", "customers.csv", "--stream", "s", "--json", ...given]);
  const { id, next_step } = JSON.parse(run.stdout);
  assert.match(String(next_step), new RegExp(`^.*task waybill run rejects ${id} --home ${home} --plugin ${plugin}$`));
  const [listed] = await cli.json("run", "list", ...given) as unknown as [{ next_step: string }];
  assert.equal(listed.next_step, next_step);
  // A home in the environment is there for the next command, too; an empty one counts as none.
  const shown = JSON.parse((await cli.run(["run", "show", id, "--json"])).stdout);
  assert.match(shown.next_step, /task waybill run rejects [0-9a-f]{32}$/);
});

Deno.test("a path that leads out of the auth's folder is the job's fault, not the auth's", async () => {
  await using cli = await testCli();
  await cli.json("auth", "create", "local-folder", "--label", "in", "--folder", EXAMPLES);
  for (const file of ["/etc/passwd", "../../../../etc/passwd"]) {
    const { code, stderr } = await cli.run(["run", "csv-import", "--file", file, "--stream", "s"]);
    assert.equal(code, 3, stderr);
    assert.match(stderr, /leads out of folder .*\nhint: Give a path inside the folder, starting there/);
    assert.doesNotMatch(stderr, /auth check/);
  }
});

Deno.test("what cannot be understood is a usage error that says what was meant", async () => {
  await using cli = await testCli();
  const cases: readonly (readonly [string[], RegExp])[] = [
    [["auht"], /There is no noun "auht"\nhint: Did you mean "auth"\?/],
    [["auth", "crate"], /There is no verb "crate"\nhint: Did you mean "create"\?/],
    [["--json"], /^{"error":{"kind":"usage","message":"A noun is missing","hint":"See .*--help"}}\n$/],
    [["auth"], /"auth" needs a verb\nhint: One of create, list/],
    [["auth", "create"], /METHOD is missing\nhint: Usage: .* auth create METHOD/],
    [["auth", "create", "sftp"], /Flag --label is missing/],
    [["run", "csv-import", "--flie", "x"], /There is no flag --flie\nhint: Did you mean --file\?/],
    [["run", "csv-import", "x"], /"run" takes 1 arguments, not 2/],
    [["run", "shw", "x"], /"run" takes 1 arguments, not 2\nhint: Did you mean "run show"\?/],
    [["run", "lst"], /There is no job type and no job "lst"\nhint: Did you mean "run list"\?/],
    [["run", "list", "--home", ""], /--home is empty/],
    [["doctor", "--home="], /--home is empty/],
    [["run", "list", "--limit", "0"], /--limit must be a whole number/],
    [["auth", "create", "sftp", "--label", "x", "--password", "hunter2"], /--password is not taken/],
  ];
  for (const [argv, message] of cases) {
    const { code, stdout, stderr } = await cli.run(argv);
    assert.equal(code, 2, argv.join(" "));
    assert.match(stderr, message);
    assert.doesNotMatch(stderr, /hunter2/);
    assert.equal(stdout, "");
  }
  for (const argv of [[], ["--help", "--json"]]) assert.equal((await cli.run(argv)).code, 0, argv.join(" "));
});

Deno.test("a failure has its kind's exit code, and is JSON with --json", async () => {
  await using cli = await testCli();
  const cases: readonly (readonly [string[], RegExp])[] = [
    [["db", "check"], /There is no database/],
    [["run", "list", "--home", "/proc/nothing"], /The data directory \\"\/proc\/nothing\\" cannot be made/],
    [["run", "csv-imprt"], /"Did you mean \\"csv-import\\"\?"/],
    [["auth", "show", "nobody"], /There is no auth \\"nobody\\"/],
    [["auth", "create", "stfp", "--label", "x"], /Did you mean \\"sftp\\"/],
    [["auth", "create", "local-folder", "--label", "x"], /--folder is missing.*--help/],
    [["auth", "create", "local-folder", "--label", "x", "--folder", "in"], /--folder must be an absolute path/],
    [["run", "list", "--job", "nightly"], /There is no job \\"nightly\\"/],
    [["token", "create", "--name", "x", "--scopes", "amdin"], /no scope \\"amdin\\".*Did you mean \\"admin\\"/],
    [["token", "delete", "nope"], /There is no token \\"nope\\"/],
    [["run", "csv-import", "--plugin", "./nope.ts"], /Plugin \\"\.\/nope\.ts\\" could not be loaded/],
  ];
  for (const [argv, error] of cases) {
    const { code, stdout, stderr } = await cli.run([...argv, "--json"]);
    assert.equal(code, 3, argv.join(" "));
    assert.equal(JSON.parse(stderr).error.kind, "config");
    assert.match(stderr, error);
    assert.equal(stdout, "");
  }
});

Deno.test("a list of runs of a job that is not there names the one that was meant", async () => {
  await using cli = await testCli();
  await cli.json("auth", "create", "local-folder", "--label", "in", "--folder", EXAMPLES);
  await cli.json("job", "create", "csv-import", "--label", "nightly", "--file", "customers.csv", "--stream", "a");
  const { code, stderr } = await cli.run(["run", "list", "--job", "nightyl"]);
  assert.equal(code, 3);
  assert.match(stderr, /There is no job "nightyl"\nhint: Did you mean "nightly"\?/);
  assert.deepEqual(await cli.json("run", "list", "--job", "nightly"), []);
});

Deno.test("a data directory that is a file is a wrong configuration, whatever the command", async () => {
  await using cli = await testCli();
  const file = `${cli.folder}/file`;
  await Deno.writeTextFile(file, "");
  for (const command of [["auth", "list"], ["db", "migrate"], ["run", "list"], ["db", "check"]]) {
    const { code, stderr } = await cli.run([...command, "--home", file]);
    assert.equal(code, 3, stderr);
    assert.match(stderr, /error: .*\/file" (is a file, or lies below one|yet)\nhint: /);
  }
});

Deno.test("an auth whose folder is not there, or a file, fails its check as a wrong configuration", async () => {
  await using cli = await testCli();
  for (const name of ["nope", "file"]) {
    const folder = `${cli.folder}/${name}`;
    await cli.json("auth", "create", "local-folder", "--label", name, "--folder", folder);
    if (name === "file") await Deno.writeTextFile(folder, "");
    const { code, stdout, stderr } = await cli.run(["auth", "check", name]);
    assert.deepEqual([code, stderr], [3, ""]);
    assert.match(stdout, /^FAIL +folder /);
    const asJson = await cli.run(["auth", "check", name, "--json"]);
    const { ok, checks } = JSON.parse(asJson.stdout);
    assert.deepEqual([asJson.code, ok, checks.length, checks[0].name, checks[0].ok], [3, false, 1, "folder", false]);
    assert.equal(JSON.parse(asJson.stderr).error.kind, "config");
  }
});

Deno.test("tokens are made, listed without themselves, and deleted; what follows the last one is said", async () => {
  await using cli = await testCli();
  const { id, token } = await cli.json("token", "create", "--name", "laptop", "--scopes", "admin,data");
  const [listed] = await cli.json("token", "list") as unknown as Record<string, unknown>[];
  assert.deepEqual([listed?.id, listed?.name, listed?.scopes], [id, "laptop", ["admin", "data"]]);
  const shown = await cli.run(["token", "show", String(id)]);
  for (const text of [JSON.stringify(listed), shown.stdout, (await cli.run(["token", "list"])).stdout]) {
    assert.ok(!text.includes(String(token)));
    assert.match(text, /laptop/);
  }
  const deleted = await cli.run(["token", "delete", String(id)]);
  assert.equal(deleted.code, 0);
  assert.match(deleted.stderr, /No token has scope admin any more.*\n\nNext:\n.* token create --name NAME/);
  assert.deepEqual(await cli.json("token", "list"), []);
});

Deno.test("a run that failed tells what happened and no zeros, and why when it is shown again", async () => {
  await using cli = await testCli();
  await cli.json("auth", "create", "local-folder", "--label", "in", "--folder", cli.folder);
  const failed = await cli.run(["run", "csv-import", "--file", "nope.csv", "--stream", "s"]);
  assert.equal(failed.code, 3);
  assert.match(failed.stdout, /^Run [0-9a-f]{32} failed after .*\n\njob type +csv-import\n$/);
  const [{ id }] = await cli.json("run", "list") as unknown as [{ id: string }];
  assert.match((await cli.run(["run", "show", id])).stdout, /^because +.*nope\.csv.* does not exist\nwhat to do +\S/m);
});

Deno.test("a page of choices ends with a cursor that a shell takes as it is", async () => {
  await using cli = await testCli();
  for (const name of ["it's a file.csv", "z.csv"]) await Deno.writeTextFile(`${cli.folder}/${name}`, "id\n1\n");
  await cli.json("auth", "create", "local-folder", "--label", "in", "--folder", cli.folder);
  const { stderr } = await cli.run(["choices", "csv-import", "file", "--limit", "1"]);
  assert.match(stderr, /--cursor '[0-9a-f]{16}-it'\\''s a file\.csv'\n/);
});

Deno.test("help at every level is derived from the tables and the plugins' declarations", async () => {
  await using cli = await testCli();
  assert.match((await cli.run([])).stdout, /Nouns\n +provider/);
  assert.match((await cli.run(["auth", "--help"])).stdout, /trust-host-key AUTH/);
  assert.match((await cli.run(["help", "auth", "create"])).stdout, /METHOD\n +sftp +Logs in/);
  const sftp = await cli.run(["auth", "create", "sftp", "--help"]);
  assert.equal(sftp.code, 0);
  assert.match(sftp.stdout, /auth create sftp \[flags\]/);
  assert.match(sftp.stdout, /--port NUMBER +TCP port of the server \[default: 22\]/);
  assert.match(sftp.stdout, /--private-key-file PATH/);
  assert.doesNotMatch(sftp.stdout, /--password (TEXT|VALUE)/);
  const run = (await cli.run(["run", "csv-import", "-h"])).stdout;
  assert.ok(run.indexOf("--identify-by") < run.indexOf("Advanced"));
  assert.ok(run.indexOf("--timestamp-format") > run.indexOf("Advanced"));
  assert.match(run, /--force .*\n[^]*Examples\n +.*run csv-import --auth/);
  const profiles = (await cli.run(["run", "profile-import", "--help"])).stdout;
  assert.match(profiles, /--force /);
  assert.doesNotMatch(profiles, /run csv-import/);
  const exported = (await cli.run(["run", "profile-export", "--help"])).stdout.replaceAll(/\n +/g, " ");
  assert.doesNotMatch(exported, /--force/);
  assert.match(exported, /--auth AUTH +Saved auth that says where the file goes.* a job needs one/);
  assert.match(exported, /--output TEXT +File to write: .*`-` for standard output.* a link/);
  const forced = await cli.run(["run", "profile-export", "--force", "--output", "-"]);
  assert.deepEqual([forced.code, /--force/.test(forced.stderr)], [2, true], forced.stderr);
  assert.match((await cli.run(["--version"])).stdout, /^waybill \d+\.\d+\.\d+\n$/);
});

Deno.test("help needs no package and no plugin: nothing heavy is imported before a command asks for it", async () => {
  const { stdout } = await decoded(new Deno.Command("deno", { args: ["info", "--json", "cli/main.ts"], cwd: ROOT }));
  const { modules, roots }: {
    roots: string[];
    modules: { specifier: string; dependencies?: { isDynamic?: boolean; code?: { specifier: string } }[] }[];
  } = JSON.parse(stdout);
  const reached = new Set(roots);
  for (const specifier of reached) {
    const module = modules.find((module) => module.specifier === specifier);
    for (const { isDynamic, code } of module?.dependencies ?? []) {
      if (isDynamic !== true && code !== undefined) reached.add(code.specifier);
    }
  }
  const heavy = [...reached].filter((specifier) =>
    !/\/cli\/[a-z_]+\.ts$|\/core\/(describe|contracts)\//.test(specifier)
  );
  assert.deepEqual(heavy, []);
  assert.ok(reached.size > 5);
});

Deno.test("the doctor finds what is wrong and says how to mend it", async () => {
  await using cli = await testCli();
  const healthy = await cli.run(["doctor", "--port", String(freePort())]);
  assert.equal(healthy.code, 0, healthy.stdout);
  await cli.json("auth", "create", "local-folder", "--label", "in", "--folder", EXAMPLES);
  await Deno.chmod(`${cli.folder}/home/master.key`, 0o644);
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const ill = await cli.run(["doctor", "--port", String(taken.addr.port)]);
  assert.equal(ill.code, 1);
  assert.match(ill.stdout, /FAIL +master key .*chmod 600/);
  assert.match(ill.stdout, /FAIL +ports .*another program.*--port/);
  assert.match(ill.stdout, /ok +database/);
});
