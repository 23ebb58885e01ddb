import assert from "node:assert/strict";
import { testCli } from "./cli_testing.ts";

Deno.test("export enable, list, show and disable work for audiences, profiles and logs", async () => {
  await using cli = await testCli();
  await cli.json("audience", "create", "--slug", "letters", "--filter", "FILTER *");
  await cli.json("app", "create", "--name", "weather");
  const audience = await cli.json(
    ...["export", "enable", "audience-export", "--audience", "letters", "--identifier-type", "email"],
  );
  assert.deepEqual([audience.type, audience.job_type, audience.name], ["audience-export", "email", "letters"]);
  const changes = await cli.json(
    ...["export", "enable", "profile-export", "--table", "user", "--job-type", "profile_changes"],
  );
  assert.deepEqual([changes.type, changes.job_type, changes.name], ["profile-export", "profile_changes", "user"]);
  const logs = await cli.json("export", "enable", "log-export", "--app", "weather");
  assert.deepEqual([logs.type, logs.job_type, logs.results_expire_at], ["log-export", null, null]);
  assert.equal((await cli.run(["export", "list", "--json"])).stdout.match(/"id"/g)?.length, 3);
  const shown = await cli.run(["export", "show", String(audience.id)]);
  assert.match(shown.stdout, /next results/);
  for (
    const [args, code, message] of [
      [
        ["audience-export", "--audience", "letters", "--identifier-type", "phone"],
        2,
        /no --identifier-type "phone"\n.*There are idfa, gaid, /,
      ],
      [["audience-export", "--audience", "all", "--identifier-type", "email"], 3, /no number/],
      [["audience-export", "--audience", "none", "--identifier-type", "email"], 3, /"none" does not exist/],
      [["profile-export", "--table", "user", "--job-type", "all"], 2, /no --job-type "all"\n.*profile_changes/],
      [["profile-export", "--table", "none", "--job-type", "profile"], 3, /"none" does not exist/],
      [["csv-import"], 2, /no export to enable "csv-import"\n.*audience-export, profile-export, log-export/],
      [["log-export", "--app", "weather", "--table", "user"], 2, /Flag --table does not belong to log-export\n.*--app/],
      [["profile-export", "--table", "user", "--job-type", "profile", "--audience", "letters"], 2, /Flag --audience/],
    ] as const
  ) {
    const refused = await cli.run(["export", "enable", ...args]);
    assert.equal(refused.code, code, refused.stderr);
    assert.match(refused.stderr, message);
  }
  await cli.json("export", "disable", String(audience.id));
  assert.equal((await cli.run(["export", "show", String(audience.id)])).code, 3);
});

Deno.test("profile-export writes profiles, and changes once their export is enabled", async () => {
  await using cli = await testCli();
  const line = (customer_id: string, value: string) =>
    `${JSON.stringify({ customer_id, changes: [{ op: "assign", attr: "city", value }] })}\n`;
  const write = async (text: string) => {
    await Deno.writeTextFile(`${cli.folder}/in.jsonl`, text);
    await cli.json("run", "profile-import", "--file", `${cli.folder}/in.jsonl`);
  };
  await write(line("a", "Bonn") + line("b", "Köln"));
  const path = `${cli.folder}/out.jsonl`;
  const whole = await cli.json("run", "profile-export", "--table", "user", "--job-type", "profile", "--output", path);
  assert.deepEqual([whole.status, whole.rows, whole.path], ["succeeded", 2, path]);
  const rows = (await Deno.readTextFile(path)).split("\n").slice(0, -1).map((row) => JSON.parse(row));
  assert.deepEqual(rows.map((row) => [row["_ll.raw_customer_id"], row.city]), [["a", "Bonn"], ["b", "Köln"]]);
  const changes = ["run", "profile-export", "--table", "user", "--job-type", "profile_changes", "--output", "-"];
  const unnoted = await cli.run(changes);
  assert.deepEqual([unnoted.code, unnoted.stdout], [3, ""]);
  assert.match(unnoted.stderr, /not noted/);
  const unplanned = await cli.run(["job", "plan", "profile-export", "--job-type", "profile_changes"]);
  assert.deepEqual([unplanned.code, /not noted/.test(unplanned.stderr)], [3, true], unplanned.stderr);
  await cli.json("export", "enable", "profile-export", "--table", "user", "--job-type", "profile_changes");
  await write(line("b", "Ulm"));
  const told = await cli.run(changes);
  // The first results tell of everybody.
  assert.deepEqual(
    told.stdout.split("\n").slice(0, -1).map((row) => JSON.parse(row)).map(({ updates }) => updates.city),
    ["Bonn", "Ulm"],
  );
  const plan = await cli.run(["job", "plan", "profile-export", "--table", "user"]);
  assert.match(plan.stdout, /Would write 2 profiles/);
  assert.equal((await cli.run(["job", "plan", "profile-export", "--job-type", "profile_changes"])).code, 0);
  assert.equal((await cli.run(["run", "profile-export", "--table", "none", "--output", "-"])).code, 3);
});
