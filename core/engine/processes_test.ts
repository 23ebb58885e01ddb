import assert from "node:assert/strict";
import { dirname } from "node:path";
import type { Database } from "../database/database.ts";
import { onEachDatabase } from "../testing/each_database_testing.ts";
import { type EnginePeer, makeFolder, startEngine } from "./engine_testing.ts";
import { newId } from "./ids.ts";
import { findServing, Processes } from "./processes.ts";
import { LEASE } from "./claim.ts";

const folderOf = (engine: EnginePeer) => `${engine.folder}/processes`;

async function idsOf({ kysely }: Database): Promise<string[]> {
  return (await kysely.selectFrom("processes").select("id").execute()).map(({ id }) => id).sort();
}

/** A real process that has joined. Disposing of it kills it. */
interface Child extends AsyncDisposable {
  readonly id: string;
  kill(signal: "SIGKILL" | "SIGSTOP" | "SIGCONT"): Promise<void>;
}

async function startChild(engine: EnginePeer, kind: "serve" | "cli"): Promise<Child> {
  const script = `${engine.folder}/child-${newId()}.ts`;
  await Deno.writeTextFile(
    script,
    `import { openDatabase } from ${JSON.stringify(import.meta.resolve("../database/open.ts"))};
     import { Processes } from ${JSON.stringify(import.meta.resolve("./processes.ts"))};
     const database = await openDatabase(${JSON.stringify(engine.address)});
     const processes = await Processes.join(database, ${JSON.stringify(folderOf(engine))}, ${JSON.stringify(kind)});
     console.log(processes.id);
     setInterval(() => {}, 1000);`,
  );
  const config = new URL(import.meta.resolve("../../deno.json")).pathname;
  const child = new Deno.Command("deno", {
    args: [
      "run",
      "--no-prompt",
      `--config=${config}`,
      "--allow-read",
      `--allow-write=${engine.folder},${dirname(engine.address.path)}`,
      "--allow-net=127.0.0.1",
      "--allow-sys=hostname",
      script,
    ],
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  let dead = false;
  const kill = async (signal: "SIGKILL" | "SIGSTOP" | "SIGCONT") => {
    child.kill(signal);
    if (signal !== "SIGKILL") return;
    dead = true;
    await child.status;
    await reader.cancel();
  };
  return {
    id: new TextDecoder().decode(value).trim(),
    kill,
    [Symbol.asyncDispose]: async () => {
      if (!dead) await kill("SIGKILL");
    },
  };
}

onEachDatabase("a process that joined is known until it leaves", async (databases) => {
  await using engine = await startEngine(databases);
  const { database } = engine.context;
  const before = await database.now();
  const processes = await Processes.join(database, folderOf(engine), "cli");
  const row = await database.kysely.selectFrom("processes").selectAll().executeTakeFirstOrThrow();
  assert.deepEqual([row.id, row.kind, row.pid, row.address], [processes.id, "cli", Deno.pid, null]);
  assert(row.started_at >= before && row.machine !== "");
  assert.deepEqual((await Array.fromAsync(Deno.readDir(folderOf(engine)))).map(({ name }) => name), [
    `${processes.id}.lock`,
  ]);
  await processes[Symbol.asyncDispose]();
  assert.deepEqual(await idsOf(database), []);
  assert.deepEqual(await Array.fromAsync(Deno.readDir(folderOf(engine))), []);
});

onEachDatabase("a heartbeat shows when the process was last seen", async (databases) => {
  await using engine = await startEngine(databases);
  const { database } = engine.context;
  await using processes = await Processes.join(database, folderOf(engine), "cli");
  await database.kysely.updateTable("processes").set({ seen_at: 1 }).execute();
  await processes.beat();
  const { seen_at, started_at } = await database.kysely.selectFrom("processes").selectAll().executeTakeFirstOrThrow();
  assert(seen_at >= started_at && started_at > 1);
});

onEachDatabase(
  "a process that was killed is forgotten at once, a living one is not, nor one that was stopped",
  async (databases) => {
    await using engine = await startEngine(databases);
    const { database } = engine.context;
    await using processes = await Processes.join(database, folderOf(engine), "serve");
    await using living = await startChild(engine, "cli");
    await using stopped = await startChild(engine, "cli");
    await using killed = await startChild(engine, "serve");
    await stopped.kill("SIGSTOP");
    await processes.forgetDead();
    assert.deepEqual(await idsOf(database), [processes.id, living.id, stopped.id, killed.id].sort());
    await killed.kill("SIGKILL");
    await processes.forgetDead();
    assert.deepEqual(await idsOf(database), [processes.id, living.id, stopped.id].sort());
    const locks = (await Array.fromAsync(Deno.readDir(folderOf(engine)))).map(({ name }) => name).sort();
    assert.deepEqual(locks, [processes.id, living.id, stopped.id].sort().map((id) => `${id}.lock`));
  },
);

onEachDatabase("whoever joins forgets those that were killed before", async (databases) => {
  await using engine = await startEngine(databases);
  await using killed = await startChild(engine, "cli");
  await killed.kill("SIGKILL");
  await using processes = await Processes.join(engine.context.database, folderOf(engine), "cli");
  assert.deepEqual(await idsOf(engine.context.database), [processes.id]);
});

onEachDatabase(
  "a process of another machine, whose lock cannot be seen, counts as living until long after it was seen",
  async (databases) => {
    await using engine = await startEngine(databases);
    const { database } = engine.context;
    await using processes = await Processes.join(database, folderOf(engine), "serve");
    const [lately, longAgo] = [newId(), newId()];
    const now = await database.now();
    const row = { kind: "serve" as const, machine: "elsewhere", pid: 1, address: null, started_at: 0 };
    await database.kysely.insertInto("processes")
      .values([{ ...row, id: lately, seen_at: now - 60_000 }, { ...row, id: longAgo, seen_at: now - 3_600_000 }])
      .execute();
    await processes.forgetDead();
    assert.deepEqual(await idsOf(database), [processes.id, lately].sort());
  },
);

onEachDatabase(
  "the living serve process that started last is found with its address, and no dead one",
  async (databases) => {
    await using engine = await startEngine(databases);
    const { database } = engine.context;
    const find = () => findServing(database, folderOf(engine));
    assert.equal(await find(), undefined);
    await using _cli = await Processes.join(database, folderOf(engine), "cli");
    assert.equal(await find(), undefined);
    await using serve = await Processes.join(database, folderOf(engine), "serve");
    await serve.listensAt("http://127.0.0.1:8480");
    await using child = await startChild(engine, "serve");
    await database.kysely.updateTable("processes").set({ started_at: 1 }).where("id", "=", serve.id).execute();
    assert.equal((await find())?.id, child.id);
    await child.kill("SIGKILL");
    assert.deepEqual({ ...await find() }, { id: serve.id, kind: "serve", address: "http://127.0.0.1:8480" });
  },
);

onEachDatabase("a serving process is found while it lives, and not once it left", async (databases) => {
  await using folder = await makeFolder();
  await using database = await databases.open();
  const locks = `${folder.path}/processes`;
  {
    await using serving = await Processes.join(database, locks, "serve");
    await serving.listensAt("http://127.0.0.1:1");
    await using _other = await Processes.join(database, locks, "cli");
    assert.deepEqual(await findServing(database, locks), {
      id: serving.id,
      kind: "serve",
      address: "http://127.0.0.1:1",
    });
  }
  assert.equal(await findServing(database, locks), undefined);
  assert.deepEqual([...Deno.readDirSync(locks)], []);
});

onEachDatabase("a serving process without a lock file here counts only while it was seen lately", async (databases) => {
  await using folder = await makeFolder();
  await using database = await databases.open();
  const locks = `${folder.path}/processes`;
  await using serving = await Processes.join(database, locks, "serve");
  // As on another machine, or after a backup of the database alone was restored.
  const elsewhere = `${folder.path}/elsewhere`;
  assert.equal((await findServing(database, elsewhere))?.id, serving.id);
  await database.kysely.updateTable("processes").set({ seen_at: await database.now() - LEASE - 1 }).execute();
  assert.equal(await findServing(database, elsewhere), undefined);
  assert.equal((await findServing(database, locks))?.id, serving.id);
  await serving.beat();
  assert.equal((await findServing(database, elsewhere))?.id, serving.id);
});
