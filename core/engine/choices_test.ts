import assert from "node:assert/strict";
import type { Choice } from "../contracts/job.ts";
import { onEachDatabase, type TestDatabases } from "../testing/each_database_testing.ts";
import { choicePage } from "./choices.ts";
import { withDeadline } from "./deadline.ts";
import { type EnginePeer, failure, startEngine } from "./engine_testing.ts";
import type { ChoiceOptions } from "./runtime.ts";

const INPUT = { type: "echo-import", config: { stream: "s" } };

async function engineWithAuth(databases: TestDatabases): Promise<EnginePeer> {
  const engine = await startEngine(databases);
  const config = { host: "here", password: "hunter22" };
  await engine.auths.create({ method: "echo-login", label: "Partner", config });
  return engine;
}

async function values(engine: EnginePeer, options: ChoiceOptions = {}): Promise<string[]> {
  return (await engine.jobs.choices(INPUT, "file", options)).items.map(({ value }) => value);
}

for (const honoursAfter of [false, true]) {
  onEachDatabase(
    `choices come in pages when the source ${honoursAfter ? "starts at" : "ignores"} the cursor`,
    async (databases) => {
      await using engine = await engineWithAuth(databases);
      engine.side.honoursAfter = honoursAfter;
      const seen: string[][] = [];
      let cursor: string | null = null;
      do {
        const options: ChoiceOptions = { limit: 2, query: "CSV", ...(cursor === null ? {} : { cursor }) };
        const page = await engine.jobs.choices(INPUT, "file", options);
        seen.push(page.items.map(({ value }) => value));
        cursor = page.next;
      } while (cursor !== null);
      assert.deepEqual(seen, [["a.csv", "b.csv"], ["d.csv"]]);
      assert.equal(engine.side.connects, 1);
    },
  );
}

onEachDatabase("choices are filtered by value and title, whatever the case", async (databases) => {
  await using engine = await engineWithAuth(databases);
  assert.deepEqual(await values(engine, { query: "SIZE OF C" }), ["c.txt"]);
  assert.deepEqual(await values(engine, { query: "none" }), []);
  assert.deepEqual(await values(engine), ["a.csv", "b.csv", "c.txt", "d.csv"]);
});

onEachDatabase("choices say what is missing: the field, its list, or what it needs", async (databases) => {
  await using engine = await engineWithAuth(databases);
  const choices = (field: string, config: Record<string, string> = {}) =>
    engine.jobs.choices({ type: "echo-import", config }, field);
  const code = "not_found";
  await assert.rejects(choices("fil"), failure("config", /has no field "fil"/, { code, hint: /"file"/ }));
  await assert.rejects(
    choices("stream"),
    failure("config", /"stream".*has no choices/, { code, hint: /"file", "folder"/ }),
  );
  await assert.rejects(choices("folder"), failure("config", /choices for "folder" need "stream"/));
  assert.equal((await choices("folder", { stream: "s" })).items.length, 1);
  // `folder` has a default, so `file` asks for nothing.
  assert.equal((await choices("file")).items.length, 4);
  await assert.rejects(values(engine, { limit: 0 }), failure("config", /"limit" must be/));
});

onEachDatabase("a list that hangs ends when the caller leaves", async (databases) => {
  await using engine = await engineWithAuth(databases);
  await values(engine);
  engine.side.hangs = true;
  const stop = new AbortController();
  const hanging = values(engine, { signal: stop.signal });
  stop.abort();
  await assert.rejects(hanging, failure("cancelled", /stopped/));
});

Deno.test("work that pays no heed to its signal is given up after its time", async () => {
  const never = withDeadline('The list of choices for "file"', 5, undefined, () => new Promise(() => {}));
  await assert.rejects(
    never,
    failure("transient", /^The list of choices for "file" did not finish within 0\.005 seconds$/),
  );
});

Deno.test("a source is read no further than a page needs, and told so", async () => {
  let read = 0;
  let ended = false;
  async function* endless(): AsyncGenerator<Choice> {
    try {
      while (true) yield { value: String(read++) };
    } finally {
      ended = true;
    }
  }
  const page = await choicePage("numbers", endless, { limit: 3 }, new AbortController().signal);
  assert.deepEqual(page.items.map(({ value }) => value), ["0", "1", "2"]);
  assert.equal(page.next?.endsWith("-2"), true);
  assert.equal(read, 4);
  assert(ended);
});

onEachDatabase("a cursor that the list did not give is refused, and so is one of another list", async (databases) => {
  await using engine = await engineWithAuth(databases);
  const { next } = await engine.jobs.choices(INPUT, "file", { limit: 1 });
  assert.ok(next !== null);
  assert.deepEqual(await values(engine, { cursor: next }), ["b.csv", "c.txt", "d.csv"]);
  for (const cursor of ["", "BAD", "a.csv", `${next}x`, next.slice(1)]) {
    await assert.rejects(values(engine, { cursor }), failure("config", /^Cursor ".*" is not one that this list/));
  }
  await assert.rejects(
    engine.jobs.choices(INPUT, "folder", { cursor: next }),
    failure("config", /^Cursor ".*" is not one that this list/),
  );
});

Deno.test("a list whose value at the cursor is gone is not silently started over", async () => {
  const signal = new AbortController().signal;
  const names = ["a", "b", "c", "d"];
  const all = () => ReadableStream.from(names.map((value) => ({ value }))).values();
  const after = (_query: string, value: string | undefined) =>
    ReadableStream.from(names.filter((name) => value === undefined || name > value).map((value) => ({ value })))
      .values();
  const [ignoring, honouring] = [
    await choicePage("x", all, { limit: 2 }, signal),
    await choicePage("x", after, { limit: 2 }, signal),
  ];
  assert.ok(ignoring.next !== null && honouring.next !== null);
  names.splice(1, 1);
  await assert.rejects(
    choicePage("x", all, { cursor: ignoring.next }, signal),
    failure("config", /^"b", which the page before ended with, is not in the list any more$/),
  );
  const rest = await choicePage("x", after, { cursor: honouring.next }, signal);
  assert.deepEqual(rest.items.map(({ value }) => value), ["c", "d"]);
});
