/**
 * A thousand people are erased from a store of shuffled and changed rows, by workers that are killed in every state:
 * nothing of them is left in any file, and everything else is.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { type RawBuilder, sql } from "kysely";
import type { Runtime } from "../core/engine/runtime.ts";
import { openQuietRuntime, temporaryFolder } from "./support/home.ts";
import { DATABASE_KINDS, homePath, openPlace, type Place } from "./support/place.ts";
import { freshSeed, seeded, shuffled } from "./support/seeded.ts";
import { runCli, startWorker } from "./support/waybill_process.ts";

const PEOPLE = 3_000;
const GONE = 1_000;
/** Stands in every identity of those who are erased, and in nothing else. */
const MARK = "zqx+é";
const STATES = ["initial", "primary", "archive", "secondary", "done"];

const isGone = (person: number) => person % 3 === 0;
const idOf = (person: number) => `${isGone(person) ? MARK : "kept"}-${person}`;
const emailOf = (person: number, version: number) =>
  `${isGone(person) ? MARK : "Kept"}.${person}.${version}@Example.org`;

/** What there is to find of the mark in bytes, in lower case, a character a byte. */
const FORMS = [
  latin(new TextEncoder().encode(MARK)),
  "zqx+\\u00e9",
  encodeURIComponent(MARK).toLowerCase(),
  ...[0, 1].map((swap) => [...MARK].map((c) => swap === 0 ? `${c}\0` : `\0${c}`).join("")),
];
/** The part of its base64 that does not depend on what stands around it, for each place it may start at. */
const BASE64 = [0, 1, 2].map((before) => {
  const bytes = new TextEncoder().encode(`${"a".repeat(before)}${MARK}`);
  return bytes.toBase64().slice(Math.ceil(before * 8 / 6), Math.floor(bytes.length * 8 / 6));
});

function latin(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes);
}

function assertNoMark(bytes: Uint8Array, where: string): void {
  const text = latin(bytes);
  for (const form of BASE64) assert(!text.includes(form), `"${form}" is in ${where}`);
  const lower = text.toLowerCase();
  for (const form of FORMS) assert(!lower.includes(form), `"${form}" is in ${where}`);
}

async function* filesBelow(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) yield* filesBelow(join(folder, name));
    else yield join(folder, name);
  }
}

/** Looks through every file of a data directory and every table; nobody has the database open. */
async function assertNowhere(place: Place): Promise<void> {
  for await (const path of filesBelow(homePath(place))) {
    const bytes = await Deno.readFile(path);
    assertNoMark(bytes, path);
    if (!path.endsWith(".gz")) continue;
    const lines = gunzipSync(bytes);
    assertNoMark(lines, `the lines of ${path}`);
    for (const [, raw = ""] of latin(lines).matchAll(/"raw":"([^"]*)"/g)) {
      assertNoMark(Uint8Array.fromBase64(raw), `a rejected row of ${path}`);
    }
  }
  await using database = await openPlace(place);
  const tables: RawBuilder<{ name: string }> = database.kind === "sqlite"
    ? sql`select name from sqlite_master where type = 'table' and name not like 'sqlite_%'`
    : sql`select table_name as name from information_schema.tables where table_schema = current_schema()`;
  for (const { name } of (await tables.execute(database.kysely)).rows) {
    const { rows } = await sql`select * from ${sql.table(name)}`.execute(database.kysely);
    assertNoMark(new TextEncoder().encode(JSON.stringify(rows)), `table ${name}`);
  }
}

/** The notes of all archived events. */
async function notesOf(place: Place): Promise<string[]> {
  const notes: string[] = [];
  for await (const path of filesBelow(join(homePath(place), "archive"))) {
    if (!path.endsWith(".gz") || path.includes("rejects")) continue;
    const lines = new TextDecoder().decode(gunzipSync(await Deno.readFile(path))).trimEnd().split("\n");
    notes.push(...lines.map((line) => JSON.parse(line).data.note));
  }
  return notes.sort();
}

/** Rows of everybody in a random order, each with a note of its own; some that cannot be read. */
function rowsOf(version: number): { readonly rows: readonly string[]; readonly kept: readonly string[] } {
  const rows: string[] = [], kept: string[] = [];
  for (let person = 0; person < PEOPLE; person++) {
    for (let row = 0; row <= person % 3; row++) {
      const note = `note-${version}-${person}-${row}`;
      rows.push(`${idOf(person)},${row === 1 ? "" : emailOf(person, version)},${note}`);
      if (!isGone(person)) kept.push(note);
    }
    if (person % 100 === 0) rows.push(`${idOf(person)},${emailOf(person, version)},too,many,cells`);
  }
  return { rows: shuffled(rows, seeded(freshSeed())), kept };
}

/** What a crash leaves of an upload that was coming in. */
async function leaveUpload(place: Place): Promise<void> {
  const upload = join(homePath(place), "spool", "1", "f".repeat(32));
  await Deno.mkdir(upload, { recursive: true });
  await Deno.writeTextFile(join(upload, "upload.csv"), `id,email,note\n${idOf(0)},${emailOf(0, 1)},half a ro`);
}

/** Of how many rejected rows the runs say that they can be looked at, and how many can be. */
async function countRejects({ runs }: Runtime): Promise<{ readonly said: number; readonly listed: number }> {
  let said = 0, listed = 0;
  for (const { id, rejected, rejected_erased } of (await runs.list({ limit: 100 })).items) {
    said += rejected - rejected_erased;
    for await (const _ of runs.rejects(id)) listed++;
  }
  return { said, listed };
}

async function requestAll(runtime: Runtime): Promise<{ readonly id: string; readonly run: string }> {
  let last = { id: "", run: "" };
  for (let person = 0, count = 0; count < GONE; person++) {
    if (!isGone(person)) continue;
    count++;
    const { request_id, run_id } = await (count % 2 === 0
      ? runtime.erasures.request("id", idOf(person))
      : runtime.erasures.request("email", emailOf(person, 1).toUpperCase()));
    if (last.run !== "") {
      assert.equal(run_id, last.run);
    }
    last = { id: request_id, run: run_id };
  }
  return last;
}

for (const kind of DATABASE_KINDS) {
  const name = `${kind.name}: a thousand people are erased by workers that are killed in every state, and nobody else`;
  Deno.test({
    name,
    ignore: !kind.present,
    fn: async () => {
      await using places = await kind.start();
      await using folder = await temporaryFolder();
      const place = await places.make(join(folder.path, "home"));
      const run = async (...args: string[]) => {
        const { code, stdout, stderr } = await runCli(place, args);
        assert.equal(code, 0, stderr);
        return stdout;
      };
      await run("auth", "create", "local-folder", "--label", "in", "--folder", folder.path);
      const kept: string[] = [];
      for (const version of [1, 2]) {
        const made = rowsOf(version);
        kept.push(...made.kept);
        await Deno.writeTextFile(join(folder.path, `${version}.csv`), `id,email,note\n${made.rows.join("\n")}\n`);
        await run(
          "run",
          "csv-import",
          "--auth",
          "in",
          "--file",
          `${version}.csv`,
          "--stream",
          "people",
          "--identify-by",
          "id,email",
          // Its snapshot keeps whom the next file may lack.
          "--diff",
          "--diff-keys",
          "id",
          "--removed-marker",
          "is_gone",
        );
      }
      for (const file of ["1.csv", "2.csv"]) await Deno.remove(join(folder.path, file));
      await leaveUpload(place);
      await using runtime = await openQuietRuntime(place, "none");
      for (const { id } of (await runtime.runs.list()).items) {
        const { size } = await runtime.artifacts.linkRejects(id, { format: "csv" });
        assert(size > 0);
      }
      const { id, run: erasing } = await requestAll(runtime);
      let reached = 0;
      const seen = new Set<string>();
      for (const target of ["primary", "archive", "secondary", "done"]) {
        await using worker = startWorker(place);
        for (let state = ""; STATES.indexOf(state) < STATES.indexOf(target);) {
          ({ state } = await runtime.erasures.get(id));
          assert(STATES.indexOf(state) >= reached, `${state} after ${STATES[reached]}`);
          reached = STATES.indexOf(state);
          const { status, failure } = await runtime.runs.get(erasing);
          assert.notEqual(status, "failed", failure?.message);
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
        seen.add(STATES[reached]!);
        if (target === "done") {
          worker.signal("SIGTERM");
          await worker.status;
          assertNoMark(new TextEncoder().encode(worker.log.join("\n")), "the log");
        }
      }
      assert(seen.size >= 2, [...seen].join());
      for (const person of [1, 2, 2_998]) {
        const { identities } = await runtime.profiles.get("id", idOf(person));
        assert.deepEqual(identities["email"], [1, 2].map((version) => emailOf(person, version).toLowerCase()));
      }
      const { events } = await runtime.streams.get("people");
      // A rejected row in a hundred people, of whom a third are gone, in two files.
      assert.deepEqual(await countRejects(runtime), { said: 40, listed: 40 });
      assert.deepEqual((await runtime.artifacts.list()).items.map(({ status }) => status), ["erased", "erased"]);
      await runtime[Symbol.asyncDispose]();
      assert.equal(events, kept.length);
      assert.deepEqual(await notesOf(place), kept.sort());
      await assertNowhere(place);
    },
  });
}
