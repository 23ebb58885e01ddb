import assert from "node:assert/strict";
import { createPublicKey, verify } from "node:crypto";
import type { PastExport } from "../contracts/export_job.ts";
import { Failure } from "../contracts/failure.ts";
import { type MemberBatch, membersOf } from "../contracts/members.ts";
import { planExport } from "./export_reading.ts";
import { letters, MEMBERS } from "./letters_testing.ts";
import { runExport } from "./run_export.ts";

const PAST: PastExport = { run: "run-0", rows: 4, path: "shelf", endedAt: 7 };

const config = { audience: "friends" };
const connection = () => ({ shelf: new Map<number, string>() });

/** What a run of `letters` with another `run` gets and gives. */
type Context = Parameters<typeof letters.run>[0];
const running = (run: (context: Context) => Promise<void>): typeof letters => ({ ...letters, run });

async function read(members: AsyncIterable<MemberBatch>): Promise<MemberBatch[]> {
  return await Array.fromAsync(members);
}

Deno.test("members come by ascending id with gaps, in batches of several sizes, with fields that nobody asked for", async () => {
  let batches: MemberBatch[] = [];
  const { finished } = await runExport(
    running(async ({ members, columns }) => {
      batches = await read(members());
      assert.deepEqual(columns, [{ name: "name", kind: null }]);
    }),
    { config: { ...config, fields: ["name"] }, connection: connection(), members: MEMBERS },
  );
  assert.ok(finished);
  assert.deepEqual(batches.map(({ ids }) => [...ids]), [[10], [20, 30], [40, 50]]);
  assert.deepEqual(batches.map(({ share }) => share), [0.2, 0.6, 1]);
  const everything = batches.flatMap((batch) => membersOf(batch, [{ name: "n", kind: null }]));
  assert.deepEqual(everything.map(({ fields }) => fields["n"]), [0, 1, 2, 3, 4]);
});

Deno.test("a limit counts from where members are read", async () => {
  const seen: number[][] = [];
  const job = running(async ({ members }) => {
    for (const after of [0, 20]) seen.push((await read(members({ after }))).flatMap(({ ids }) => [...ids]));
  });
  await runExport(job, { config: { ...config, user_limit: 2 }, connection: connection(), members: MEMBERS, batch: 10 });
  assert.deepEqual(seen, [[10, 20], [30, 40]]);
});

Deno.test("columns have the kinds given, audiences come where they are asked for, and an unknown field is refused", async () => {
  let memberships: unknown;
  const job: typeof letters = {
    ...running(async ({ columns, members }) => {
      assert.deepEqual(columns, [{ name: "n", kind: "INT" }, { name: "name", kind: "STRING" }]);
      memberships = (await read(members())).flatMap(({ memberships = [] }) => memberships);
    }),
    from: ({ audience, fields }) => ({ audience, fields, memberships: true }),
  };
  const columns = [{ name: "name", kind: "STRING" }, { name: "n", kind: "INT" }];
  const given = { config, connection: connection(), members: MEMBERS.slice(0, 2), columns };
  await runExport(job, { ...given, memberships: [["friends", "all"]] });
  assert.deepEqual(memberships, [["friends", "all"], ["friends", "all"]]);
  await assert.rejects(
    runExport(job, { ...given, config: { ...config, fields: ["nme"] } }),
    (error) => error instanceof Failure && error.code === "not_found",
  );
});

Deno.test("a run that is held tells why, and goes on once that is approved", async () => {
  const given = { config: { ...config, held: true }, members: MEMBERS };
  const held = await runExport(letters, { ...given, connection: connection() });
  assert.deepEqual([held.finished, held.held, held.commits.length], [false, "Somebody has to look", 0]);
  const approved = await runExport(letters, { ...given, connection: connection(), approved: [held.held!] });
  assert.deepEqual([approved.finished, approved.delivered?.rows], [true, 5]);
  assert.deepEqual(approved.progress.at(-1), { done: 3, unit: "rows", share: 1 });
});

Deno.test("what was committed before a run was stopped counts, and nothing later", async () => {
  const to = connection();
  const run = (more: object) => runExport(letters, { config, connection: to, members: MEMBERS, ...more });
  const before = await run({ abortBefore: 1 });
  assert.deepEqual([before.finished, before.commits, to.shelf.size], [false, [], 3]);
  const after = await run({ abortAfter: 1 });
  assert.deepEqual([after.finished, after.commits.map(({ checkpoint }) => checkpoint)], [false, [{
    after: 30,
    rows: 3,
  }]]);
  const between = await run({ abortAfterBatches: 1 });
  assert.deepEqual([between.finished, between.batches, between.commits], [false, 1, []]);
  const rest = await run({ checkpoint: { after: 30, rows: 3 } });
  assert.deepEqual([rest.finished, rest.delivered?.rows, to.shelf.size], [true, 5, 5]);
});

Deno.test("a checkpoint that its schema refuses fails the run", async () => {
  const job = running(({ commit }) => commit({ after: 0.5, rows: 0 }));
  await assert.rejects(runExport(job, { config, connection: connection(), members: MEMBERS }), /expected int/);
});

Deno.test("what is published can be read as whoever has the link would, and each call has a link of its own", async () => {
  const file = { name: "letters.txt", mediaType: "text/plain", lifetime: 1_500 };
  const job = running(async ({ publish }) => {
    for (const text of ["Dear", "Dear all"]) {
      const { url, size } = await publish(file, ReadableStream.from([new TextEncoder().encode(text)]));
      assert.match(url, /^https:/);
      assert.equal(size, text.length);
    }
    await assert.rejects(publish({ ...file, name: "a/b" }, ReadableStream.from([])), /has no slash/);
  });
  const { published } = await runExport(job, { config, connection: connection(), members: MEMBERS });
  assert.deepEqual(published.map(({ content }) => new TextDecoder().decode(content)), ["Dear", "Dear all"]);
  assert.notEqual(published[0]?.url, published[1]?.url);
  assert.equal(published[0]!.expiresAt % 1_000, 0);
});

Deno.test("signatures are real", async () => {
  const bytes = new TextEncoder().encode("manifest");
  const job = running(async ({ sign }) => void await sign(bytes));
  const { signatures: [signed] } = await runExport(job, { config, connection: connection(), members: MEMBERS });
  assert.ok(signed);
  const x = signed.publicKey.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
  assert.ok(verify(null, signed.bytes, key, Uint8Array.fromBase64(signed.signature)));
});

Deno.test("the job knows its run, its past and its time", async () => {
  let seen: unknown;
  const tell = async ({ run, history, startedAt, timeZone, continuous }: Context) => {
    seen = [run, await history.last(), await history.wrote("shelf"), await history.wrote("table"), startedAt, timeZone];
    assert.ok(continuous);
  };
  const job = { id: "job-1", label: "Letters", revision: 3 };
  const given = { config, connection: connection(), members: MEMBERS, history: [PAST] };
  const more = { startedAt: 5, timeZone: "Europe/Zurich", continuous: true, run: "run-7", job };
  await runExport(running(tell), { ...given, ...more });
  assert.deepEqual(seen, [{ id: "run-7", job }, PAST, true, false, 5, "Europe/Zurich"]);
});

Deno.test("a plan is over the same members, and checked as it is told", async () => {
  const given = { config: { ...config, user_limit: 3 }, connection: connection(), members: MEMBERS };
  const plan = await planExport(letters, given);
  assert.deepEqual([plan?.summary, plan?.facts], ["Would write 3 letters", { fields: ["n", "name"] }]);
  const { plan: _, ...planless } = letters;
  assert.equal(await planExport(planless, given), undefined);
  const wrong: typeof letters = {
    ...letters,
    plan: async () => ({ summary: "Five", facts: { rowCount: 5 }, notes: [] }),
  };
  await assert.rejects(planExport(wrong, given), /the fact "rowCount" is snake_case/);
});

Deno.test("a configuration that `check` refuses runs nothing", async () => {
  const job: typeof letters = {
    ...letters,
    check: async () => {
      throw new Failure("config", "No letters on Sundays");
    },
  };
  const to = connection();
  await assert.rejects(runExport(job, { config, connection: to, members: MEMBERS }), /No letters on Sundays/);
  assert.equal(to.shelf.size, 0);
});
