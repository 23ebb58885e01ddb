import assert from "node:assert/strict";
import { TableRules } from "../profiles/table_rules.ts";
import { PeopleInText } from "../profiles/people_in_text.ts";
import { onEachDatabase } from "../testing/each_database_testing.ts";
import type { EraseContext } from "./erasable_stores.ts";
import { noticeStore } from "./erase_notices.ts";
import { startContinuous } from "./schedule/continuous_testing.ts";

onEachDatabase("what is told of jobs is told without the erased", async (databases) => {
  await using engine = await startContinuous(databases);
  await engine.account.update({ settings: { notify_email: "ops@example.com" } });
  const { id } = await engine.make("nightly", { time_of_day: "06:00", max_failures: 1 });
  await engine.attendAt("2026-01-11T06:00:00Z");
  // A partner that names a file after somebody.
  await engine.end({
    failure: { kind: "config", message: 'File "zoe@example.com" is gone', hint: "Ask zoe@example.com" },
  });
  const people = new PeopleInText([{
    rules: new TableRules(["email"]),
    names: (_field, value) => value === "zoe@example.com",
  }]);
  await noticeStore.erase({
    account: 1,
    people,
    position: undefined,
    commit: (work: Parameters<EraseContext["commit"]>[0]) =>
      engine.database.write(async (transaction) => {
        await work(transaction);
      }),
  } as EraseContext);
  const [told] = await engine.notices();
  const text = JSON.stringify([told, await engine.jobs.get(id)]);
  assert.doesNotMatch(text, /zoe/);
  assert.match(text, /\[erased\]/);
});
