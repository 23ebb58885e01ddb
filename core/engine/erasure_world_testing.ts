/**
 * A store in which people are erased among all that happens else, and what should be in it: for properties.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { FileRows } from "../codecs/diff/file_rows.ts";
import { recordBatch } from "../codecs/diff/mod.ts";
import { snapshotOf } from "../codecs/diff/snapshot.ts";
import { memorySpool } from "../codecs/spool_memory.ts";
import type { Row } from "../contracts/records.ts";
import { alteredDatabase } from "../database/altered_testing.ts";
import { gzipMember } from "../profiles/archive.ts";
import { statementsFor } from "../profiles/batch_statements.ts";
import { beginRefresh, finishRefresh, follow } from "../profiles/feed/feed.ts";
import { rulesOf } from "../profiles/mapping.ts";
import type { TestDatabases } from "../testing/each_database_testing.ts";
import { readSettings } from "./account_settings.ts";
import { SYSTEM } from "./actor.ts";
import { adoptSnapshot } from "./adopt_snapshot.ts";
import { AudienceCache } from "./audience_cache.ts";
import { AudienceCounts } from "./audience_counts.ts";
import { audiencesOf } from "./audiences.ts";
import { applyChanges, assertSame, changeRows, type Profiles, profilesIn } from "./change_feed_testing.ts";
import { erasures, makeCities, openRun, rejected } from "./erasure_testing.ts";
import { currentGeneration, followMappings } from "./generations.ts";
import { addRun, type ImportPeer, startImport } from "./import_testing.ts";
import { requeued } from "./queue_run.ts";
import { erasedFor } from "./refused.ts";
import type { Audiences } from "./runtime.ts";
import { snapshotsOf } from "./snapshots.ts";
import { executeTask } from "./task_testing.ts";
import { placeOfIdentities } from "./vault.ts";

/** Which fields identify, each with what is to be left out. */
const MAPPINGS = [
  { by: ["id"], where: "" },
  { by: ["id", "email"], where: "" },
  { by: ["id", "email"], where: ' WHERE NOT (tag = "skip")' },
  { by: ["id", "email", "phone"], where: "" },
] as const;

const lqlOf = ({ by, where }: typeof MAPPINGS[number]) =>
  `SELECT id, email, phone, note, count(note) AS events, set(city) AS cities FROM people INTO user BY ${
    by.join(" OR ")
  }${where}`;

/** Fields of a row. */
export type Fields = Record<string, string>;
/** A field and a value of it. */
export type Pair = readonly [field: string, value: string];

const id = (number: number) => `Ident-${number}-x`;
const email = (number: number) => `mail.${number}@example.org`;
const phone = (number: number) => `Phone-${number}-x`;

const PEOPLE = 9;
const number = fc.nat({ max: PEOPLE - 1 });
const fields: fc.Arbitrary<Fields> = fc.record({
  person: number,
  given: fc.constantFrom("i", "ie", "iep", "e", "ip", "ep"),
  // Somebody else's e-mail makes one of the two.
  shift: fc.constantFrom(0, 0, 0, 0, 0, 1),
  line: fc.nat({ max: 3 }),
  city: fc.nat({ max: 3 }),
  tag: fc.constantFrom("", "", "skip"),
}).map(({ person, given, shift, line, city, tag }) => ({
  ...(given.includes("i") ? { id: id(person) } : {}),
  ...(given.includes("e") ? { email: email(person + shift) } : {}),
  ...(given.includes("p") ? { phone: phone(person * 2 + (line === 0 ? 1 : 0)) } : {}),
  city: `City-${city}-x`,
  ...(tag === "" ? {} : { tag }),
}));

/** What happens. */
export type Step =
  | {
    readonly type: "import";
    readonly rows: readonly Fields[];
    readonly rejects: readonly number[];
    readonly size: number;
  }
  | { readonly type: "file"; readonly rows: readonly Fields[] }
  | { readonly type: "map"; readonly to: number }
  | { readonly type: "task"; readonly kill: number | null; readonly again: boolean; readonly late: boolean }
  | { readonly type: "erase"; readonly field: number; readonly person: number; readonly city: boolean }
  | { readonly type: "lift" | "fetch" | "cut off" | "fail"; readonly person: number }
  | { readonly type: "list"; readonly people: readonly number[]; readonly add: boolean };

/** Any of them. */
export const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      type: fc.constant("import" as const),
      rows: fc.array(fields, { minLength: 1, maxLength: 7 }),
      rejects: fc.array(number, { maxLength: 2 }),
      size: fc.constantFrom(1, 3, 9),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant("file" as const),
      rows: fc.array(fields, { minLength: 1, maxLength: 6 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("map" as const), to: fc.nat({ max: MAPPINGS.length - 1 }) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant("task" as const),
      kill: fc.option(fc.integer({ min: 1, max: 25 }), { freq: 2 }),
      again: fc.boolean(),
      late: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant("erase" as const),
      field: fc.nat({ max: 2 }),
      person: number,
      city: fc.integer({ min: 0, max: 9 }).map((one) => one === 0),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constantFrom("lift" as const, "fetch" as const, "cut off" as const, "fail" as const),
      person: number,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant("list" as const),
      people: fc.array(number, { maxLength: 6 }),
      add: fc.boolean(),
    }),
  },
);

/** An erasure as the test knows it. */
export interface Asked {
  readonly run: string;
  readonly table: string;
  pairs: readonly Pair[];
  done: boolean;
  lifted: boolean;
}

/** A store, and what should be in it. */
export class World {
  events: Fields[] = [];
  rejects: Pair[] = [];
  list = new Set<string>();
  snapshot: Fields[] = [];
  /** Whom failures of runs name. */
  said: string[] = [];
  readonly strays = new Map<string, string>();
  readonly asked = new Map<string, Asked>();
  /** Values that came and were not erased since: examples may be left of events that went for somebody else. */
  readonly back = new Set<string>();
  readonly #replica = new Map<number, Profiles>([[1, new Map()], [2, new Map()]]);
  #by: readonly string[] = ["id", "email"];
  #made = 0;

  private constructor(readonly peer: ImportPeer, readonly forever: boolean, readonly audiences: Audiences) {}

  static async start(databases: TestDatabases, stack: AsyncDisposableStack, forever: boolean): Promise<World> {
    const peer = stack.use(await startImport(databases, { lql: lqlOf(MAPPINGS[1]) }));
    const { database, identityKey, address } = peer;
    const settings = { suppress_erased: forever ? "forever" : "off" };
    await database.kysely.updateTable("accounts").set({ settings: JSON.stringify(settings) }).execute();
    await makeCities(peer);
    const audienceCounts = stack.use(new AudienceCounts({ database: address, serves: false }));
    const audiences = audiencesOf(
      {
        database,
        registry: { jobs: [] },
        accountId: 1,
        account: { id: 1, publicId: "1", settings: readSettings("{}") },
        actor: SYSTEM,
      },
      {
        database,
        identityKey,
        statements: statementsFor(database.kind),
        audienceCache: new AudienceCache(),
        audienceCounts,
      } as never,
    );
    await audiences.create({ name: "listed", list: true });
    await audiences.create({ name: "busy", filter: "FILTER events >= 2 FROM user" });
    for (const table of [1, 2]) await database.write((transaction) => follow(transaction, 1, table));
    return new World(peer, forever, audiences);
  }

  get #open(): Asked[] {
    return [...this.asked.values()].filter(({ done }) => !done);
  }

  /** Whose data is refused. */
  #refused(given: Fields): boolean {
    return [...this.asked.values()].some((asked) =>
      (!asked.done || (this.forever && !asked.lifted)) && names(given, asked.pairs)
    );
  }

  async take(step: Step): Promise<void> {
    switch (step.type) {
      case "import":
        return await this.#import(step.rows, step.rejects, step.size);
      case "file":
        return await this.#file(step.rows);
      case "map":
        return await this.#map(MAPPINGS[step.to]!);
      case "task":
        await this.#task(step);
        return;
      case "erase":
        return await this.#erase(step);
      case "lift":
        return await this.#lift();
      case "fetch":
        return await this.fetch();
      case "cut off":
        return await this.#cutOff(step.person);
      case "fail":
        return await this.#fail(step.person);
      case "list":
        return await this.#importList(step.people, step.add);
    }
  }

  #came(values: readonly string[]): void {
    for (const value of values) this.back.add(value);
  }

  async #import(rows: readonly Fields[], rejects: readonly number[], size: number): Promise<void> {
    const { peer } = this;
    await using run = await openRun(peer);
    for (let first = 0; first < rows.length; first += size) {
      const part = rows.slice(first, first + size).map((given) => ({ ...given, note: `note ${++this.#made}` }));
      await run.emit(part.map(rowOf), null);
      await run.flush();
      const taken = part.filter((given) => !this.#refused(given));
      this.events.push(...taken);
      this.#came(taken.flatMap((given) => Object.values(given)));
    }
    if (rejects.length === 0) return;
    const pairs = rejects.map((person): Pair => ["id", id(person)]);
    await run.reject(rejected(...pairs.map(([, value]) => `${value},too,many`)));
    await run.finish();
    const taken = pairs.filter(([field, value]) => !this.#refused({ [field]: value }));
    this.rejects.push(...taken);
    this.#came(taken.map(([, value]) => value));
  }

  /** A file that the next one is to be compared with. */
  async #file(rows: readonly Fields[]): Promise<void> {
    const { database, claim, identityKey: key, place: { stream }, snapshotsDir: folder } = this.peer;
    await this.#import(rows, [], 9);
    const place = { folder, account: 1, owner: "0123456789abcdef0123456789abcdef", run: claim.run, key };
    const store = snapshotsOf(database, place, false, async () => ({
      stream,
      erased: await erasedFor(database.kysely, 1, stream, key),
    }));
    const told = ["id", "email", "phone", "city"];
    const gathered = await FileRows.create(memorySpool(), { secret: new Uint8Array(16), keys: ["id"], told });
    await gathered.add(recordBatch(rows.map((fields) => ({ fields }))));
    const kept = { owner: place.owner, file: await store.keep(snapshotOf(gathered)), stream };
    await database.write((transaction) => adoptSnapshot(transaction, claim, kept, 7));
    this.snapshot = rows.filter((given) => !this.#refused(given));
  }

  async #map(to: typeof MAPPINGS[number]): Promise<void> {
    if (this.asked.size > 0 && !this.#by.every((field) => (to.by as readonly string[]).includes(field))) return;
    this.#by = to.by;
    const { database } = this.peer;
    await database.write(async (transaction) => {
      const definition = JSON.stringify({ kind: "lql", text: lqlOf(to) });
      await transaction.updateTable("mappings").set({ definition }).where("table_id", "=", 1).execute();
      await followMappings(transaction, 1, 1, { now: await database.now() });
    });
  }

  /** Executes what is next in the lane; false where nothing waits. */
  async #task({ kill, again, late }: { kill: number | null; again: boolean; late: boolean }): Promise<boolean> {
    const { kysely } = this.peer.database;
    const [waiting] = await kysely.selectFrom("runs").select("id").where("job_id", "=", "tasks")
      .where("status", "=", "queued").orderBy("created_at").orderBy("id").limit(1).execute();
    if (waiting === undefined) return false;
    let writes = 0;
    const database = alteredDatabase(this.peer.database, {
      write: async (work, options) => {
        await this.#look();
        const isIt = options?.beside === true && ++writes === kill;
        if (isIt && !late) throw new Error("killed");
        const result = await this.peer.database.write(work, options);
        if (isIt) throw new Error("killed");
        return result;
      },
    });
    await executeTask({ ...this.peer, database }, waiting.id);
    await this.#look();
    await this.#settle();
    const { status, failure } = await kysely.selectFrom("runs").select(["status", "failure"])
      .where("id", "=", waiting.id).executeTakeFirstOrThrow();
    if (status !== "failed") return true;
    assert.match(failure ?? "", /killed/);
    if (again) await this.#again();
    return true;
  }

  /** Whom the erasures that are not done name by now. */
  async #look(): Promise<void> {
    const rows = await this.peer.database.kysely.selectFrom("erasures").select(["id", "identities"])
      .where("identities", "is not", null).execute();
    for (const { id, identities } of rows) {
      const asked = this.asked.get(id);
      if (asked === undefined) continue;
      asked.pairs = await this.peer.vault.open(identities!, placeOfIdentities(id)) as unknown as Pair[];
    }
  }

  /** Erasures that are done by now. */
  async #settle(): Promise<void> {
    const rows = await this.peer.database.kysely.selectFrom("erasures").select(["id", "state"]).execute();
    for (const { id, state } of rows) {
      const asked = this.asked.get(id)!;
      if (state !== "done" || asked.done) continue;
      asked.done = true;
      this.strays.clear();
      for (const [, value] of asked.pairs) this.back.delete(value);
      const stays = (given: Fields) => !names(given, asked.pairs);
      this.events = this.events.filter(stays);
      this.snapshot = this.snapshot.filter(stays);
      this.said = this.said.filter((value) => stays({ id: value }));
      this.rejects = this.rejects.filter(([field, value]) => stays({ [field]: value }));
      for (const [field, value] of asked.pairs) if (field === "email") this.list.delete(value);
    }
  }

  async #again(): Promise<void> {
    const { database } = this.peer;
    await database.kysely.updateTable("runs").set(requeued(await database.now())).where("job_id", "=", "tasks")
      .where("status", "=", "failed").execute();
  }

  async #erase({ field, person, city }: { field: number; person: number; city: boolean }): Promise<void> {
    const { kysely } = this.peer.database;
    const table = city ? "city" : "user";
    const { identifyBy } = rulesOf((await currentGeneration(kysely, 1, city ? 2 : 1)).generation);
    const name = identifyBy[field % identifyBy.length]!;
    // A field that no longer identifies while somebody is being erased is another test's.
    if (!city && !identifyBy.every((field) => this.#by.includes(field))) return;
    const value = name === "city" ? `City-${person % 4}-x` : { id, email, phone }[name as "id"](person);
    const { request_id, run_id } = await (await erasures(this.peer)).request(name, value, { table });
    if (this.asked.has(request_id)) return;
    this.asked.set(request_id, { run: run_id, table, pairs: [], done: false, lifted: false });
    await this.#look();
    const { pairs } = this.asked.get(request_id)!;
    assert(names({ [name]: name === "email" ? value.toLowerCase() : value }, pairs));
  }

  async #lift(): Promise<void> {
    const own = await erasures(this.peer);
    for (const [id, asked] of this.asked) {
      if (!asked.done || asked.lifted) continue;
      await own.lift(id);
      asked.lifted = true;
      return;
    }
  }

  /** An import that was killed in the midst of a commit. */
  async #cutOff(person: number): Promise<void> {
    const { archive } = this.peer;
    // What refused data leaves is not asked for.
    if (this.#open.length > 0) return;
    const lines = `{"at":1,"data":{"id":"${id(person)}","email":"${email(person)}"}}\n`;
    const member = gzipMember(new TextEncoder().encode(lines));
    const path = `1/stream-1/2026-01-01/07-${(++this.#made).toString(16).padStart(32, "0")}-1.jsonl.gz`;
    await archive.append(path, 0, member);
    this.strays.set(path, lines);
    this.#came([id(person), email(person)]);
  }

  async #fail(person: number): Promise<void> {
    if (this.#open.length > 0) return;
    this.said.push(id(person));
    this.#came([id(person)]);
    const failure = { kind: "data", message: `Row of ${id(person)} is cut off`, hint: null, code: null };
    await addRun(this.peer.database, { status: "failed", failure: JSON.stringify(failure) });
  }

  async #importList(people: readonly number[], add: boolean): Promise<void> {
    const { identifyBy } = rulesOf((await currentGeneration(this.peer.database.kysely, 1, 1)).generation);
    if (!identifyBy.includes("email")) return;
    const values = people.map(email).filter((value) => !this.#refused({ email: value }));
    const content = (async function* () {
      yield new TextEncoder().encode(people.map(email).join("\n"));
    })();
    await this.audiences.importMembers("listed", { field: "email", content, add });
    this.list = new Set([...add ? this.list : [], ...values]);
  }

  /** Follows both tables up to now. */
  async fetch(): Promise<void> {
    const { database } = this.peer;
    for (const [table, replica] of this.#replica) {
      const window = await database.write(async (transaction) =>
        (await beginRefresh(transaction, 1, table, { requested: true }))!
      );
      applyChanges(replica, await changeRows(database, window, { table }));
      await database.write((transaction) => finishRefresh(transaction, 1, table, window.to));
      assertSame(replica, await profilesIn(database.kysely, table), `followers of table ${table}`);
    }
  }

  /** Does all that waits. */
  async end(): Promise<void> {
    do await this.#again(); while (await this.#task({ kill: null, again: false, late: false }));
    assert.deepEqual(this.#open, []);
  }
}

/** A row with the time of its own. */
export function rowOf(given: Fields): Row {
  return { fields: given, time: Number(given["note"]!.slice(5)) };
}

/** Whether a row holds one of the pairs. */
function names(given: Fields, pairs: readonly Pair[]): boolean {
  return pairs.some(([field, value]) => given[field] === value);
}
