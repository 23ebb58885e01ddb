import assert from "node:assert/strict";
import { join } from "node:path";
import { makePipe } from "../core/testing/named_pipe_testing.ts";
import { testCli } from "./cli_testing.ts";

/** A command line over four people, of whom three have an address: one has two. */
async function people() {
  const cli = await testCli();
  const changes = [
    { customer_id: "a", changes: [{ op: "assign", attr: "email", value: "ann@example.com" }] },
    { customer_id: "b", changes: [{ op: "assign", attr: "email", value: ["bo@example.com", "b2@example.com"] }] },
    { customer_id: "c", changes: [{ op: "assign", attr: "name", value: "Cy" }] },
    { customer_id: "d", changes: [{ op: "assign", attr: "email", value: 'd"\u2028@example.com' }] },
  ];
  await Deno.writeTextFile(`${cli.folder}/in.jsonl`, changes.map((line) => `${JSON.stringify(line)}\n`).join(""));
  await cli.json("run", "profile-import", "--file", `${cli.folder}/in.jsonl`);
  return cli;
}

Deno.test("audience-export: an identifier a line, none without one, several for several, whole or not at all", async () => {
  await using cli = await people();
  const path = join(cli.folder, "out.jsonl");
  const type = ["--identifier-type", "email"];
  const run = await cli.json("run", "audience-export", "--audience", "all", ...type, "--output", path);
  assert.deepEqual([run.status, run.rows, run.path], ["succeeded", 4, path]);
  const lines = [
    '{"EMAIL":"ann@example.com"}',
    '{"EMAIL":"bo@example.com"}',
    '{"EMAIL":"b2@example.com"}',
    `{"EMAIL":${JSON.stringify('d"\u2028@example.com')}}`,
  ];
  assert.equal(await Deno.readTextFile(path), lines.map((line) => `${line}\n`).join(""));
  // Nothing is kept of what was written here.
  const artifacts: { status: string }[] = JSON.parse((await cli.run(["artifact", "list", "--json"])).stdout);
  assert.deepEqual(artifacts.map(({ status }) => status), ["revoked"]);
  assert.deepEqual([...Deno.readDirSync(cli.folder)].filter(({ name }) => name.includes("waybill-")), []);

  const piped = await cli.run(["run", "audience-export", "--audience", "all", ...type, "--output", "-"]);
  assert.equal(piped.stdout, await Deno.readTextFile(path));

  await cli.json("account", "set", "--gaid-field", "name");
  const gaid = await cli.run([
    "run",
    "audience-export",
    "--audience",
    "all",
    "--identifier-type",
    "gaid",
    "--output",
    "-",
  ]);
  assert.equal(gaid.stdout, '{"GAID":"Cy"}\n');
  const nobody = await cli.run([
    "run",
    "audience-export",
    "--audience",
    "all",
    "--identifier-type",
    "idfa",
    "--output",
    "-",
  ]);
  assert.deepEqual([nobody.code, nobody.stdout], [0, ""]);
});

Deno.test("audience-export without --output prints a link, and the file can be had later", async () => {
  await using cli = await people();
  const args = ["--audience", "all", "--identifier-type", "customer_id"];
  const run = await cli.json("run", "audience-export", ...args);
  assert.match(String(run.url), /^http.*\/files\/.*\/all-customer_id\.jsonl\?expires=\d+&signature=/);
  const said = await cli.run(["run", "result", String(run.id)]);
  assert.match(said.stdout, /\/files\//);
  const path = join(cli.folder, "later.jsonl");
  await cli.json("run", "result", String(run.id), "--output", path);
  assert.equal(await Deno.readTextFile(path), ["a", "b", "c", "d"].map((id) => `{"CUSTOMER_ID":"${id}"}\n`).join(""));
  const long = join(cli.folder, `${"x".repeat(300)}.jsonl`);
  const refused = await cli.run(["run", "audience-export", ...args, "--output", long]);
  assert.deepEqual([refused.code, refused.stderr.includes(`"${long}"`)], [3, true], refused.stderr);
  const gone = await cli.run(["run", "result", String(run.id)]);
  assert.deepEqual([gone.code, /no file that can be fetched/.test(gone.stderr)], [3, true], gone.stderr);
});

Deno.test("audience-export with an auth writes there, also as a job, and says what is wrong before anything is done", async () => {
  await using cli = await people();
  await cli.json("auth", "create", "local-folder", "--label", "drop", "--folder", cli.folder);
  const what = ["--audience", "all", "--identifier-type", "email"];
  const run = await cli.json("run", "audience-export", "--auth", "drop", ...what);
  assert.deepEqual([run.path, run.rows], ["all-email.jsonl", 4]);
  await cli.json(
    "job",
    "create",
    "audience-export",
    "--label",
    "nightly",
    "--auth",
    "drop",
    ...what,
    "--output",
    "n.jsonl",
  );
  assert.equal((await cli.json("run", "nightly")).path, "n.jsonl");
  assert.equal(
    await Deno.readTextFile(join(cli.folder, "n.jsonl")),
    await Deno.readTextFile(join(cli.folder, "all-email.jsonl")),
  );
  const pipe = join(cli.folder, "pipe");
  await makePipe(pipe);
  const plan = await cli.run(["job", "plan", "audience-export", ...what]);
  assert.match(plan.stdout, /ann@example\.com/, plan.stderr);
  const here = await cli.run(["job", "plan", "audience-export", ...what, "--output", join(cli.folder, "no", "x")]);
  assert.doesNotMatch(here.stdout + here.stderr, /was not found/);
  for (
    const [flags, message] of [
      [["--audience", "none", "--identifier-type", "email"], /Audience "none" does not exist/],
      [["--audience", "all", "--identifier-type", "phone"], /identifier-type/],
      [["--audience", "all"], /--identifier-type must be one of/],
      [[...what, "--output", join(cli.folder, "no", "x")], /Folder ".*no" does not exist/],
      [[...what, "--output", cli.folder], /is a folder/],
      [[...what, "--output", pipe], /is no file, but a device or a pipe/],
    ] as const
  ) {
    const refused = await cli.run(["run", "audience-export", ...flags]);
    assert.equal(refused.code, 3, refused.stderr);
    assert.match(refused.stderr, message);
  }
  // A plan tells of the destination what the run would find there.
  const planned = async (output: string) =>
    await cli.run(["job", "plan", "audience-export", ...what, "--auth", "drop", "--output", output]);
  assert.match(
    (await planned("n.jsonl")).stdout + (await planned("n.jsonl")).stderr,
    /"n\.jsonl" is there, and would be/,
  );
  const none = await planned("none/x.jsonl");
  assert.match(none.stdout + none.stderr, /Folder "none" was not found/);
  await Deno.mkdir(join(cli.folder, "folder"));
  for (
    const [output, message] of [
      ["../x.jsonl", /Path "\.\.(\/x\.jsonl)?" leads out/],
      ["folder", /"folder" is a folder/],
      ["n.jsonl/x", /"n\.jsonl" is not a folder/],
    ] as const
  ) {
    const refused = await planned(output);
    assert.equal(refused.code, 3, refused.stdout);
    assert.match(refused.stderr, message);
  }
  const create = ["job", "create", "audience-export", "--label", "x", ...what];
  for (
    const [args, message] of [
      [[...create, "--auth", "none"], /There is no auth "none"/],
      // The one that is saved is not taken by itself.
      [create, /needs an auth that is named/],
      [[...create, "--auth", "drop", "--output", "-"], /"output" is "-": only a run without an auth/],
      [["run", "audience-export", ...what, "--auth", "drop", "--output", "-"], /only a run without an auth/],
    ] as const
  ) {
    const refused = await cli.run(args);
    assert.equal(refused.code, 3, refused.stderr);
    assert.match(refused.stderr, message);
  }
});
