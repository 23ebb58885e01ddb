import assert from "node:assert/strict";
import { join } from "node:path";
import { sql } from "kysely";
import type { CheckResult } from "../contracts/auth.ts";
import { checkDatabase } from "./check_database.ts";
import { openDatabase } from "../database/open.ts";
import { parsePostgresUrl } from "../database/postgres_url.ts";
import { collectLog } from "../testing/collect_log.ts";
import { onEachDatabase, type TestDatabases } from "../testing/each_database_testing.ts";
import { freePort } from "../testing/free_port.ts";
import { examine } from "./doctor.ts";
import { makeFolder } from "./engine_testing.ts";
import { homeOf } from "./home.ts";
import { openRuntime } from "./open.ts";
import { Processes } from "./processes.ts";

const PLUGINS = [import.meta.resolve("./runner_plugin_testing.ts")];

interface Peer extends AsyncDisposable {
  readonly home: string;
  /** Archive file of the events, and its recorded length. */
  readonly segment: { readonly path: string; readonly length: number };
  /** One line of the doctor. */
  line(name: string): Promise<CheckResult>;
}

/** A data directory that one import of three rows went into. */
async function startPeer(databases: TestDatabases): Promise<Peer> {
  await databases.useInHomes();
  const folder = await makeFolder();
  const home = join(folder.path, "home");
  const { log } = collectLog();
  const engineLog = { ...log, with: () => engineLog };
  {
    await using runtime = await openRuntime({ home, plugins: PLUGINS, runner: "cli", log: engineLog });
    await runtime.auths.create({ method: "staged-open", label: "Open", config: {} });
    const { id } = await runtime.runs.start({
      type: "staged-import",
      config: { stream: "people", rows: 3, act: "finish" },
    });
    assert.equal((await Array.fromAsync(runtime.runs.follow(id))).at(-1)?.status, "succeeded");
  }
  await using database = await openDatabase(homeOf(home).database);
  const segment = await database.kysely.selectFrom("segments").select(["path", "length"]).executeTakeFirstOrThrow();
  return {
    home,
    segment,
    line: async (name) => {
      const results = await Array.fromAsync(
        examine({ home, host: "127.0.0.1", port: freePort(), masterKey: undefined }),
      );
      const line = results.find((result) => result.name === name);
      assert.ok(line, name);
      return line;
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

onEachDatabase(
  "a data directory that others may enter fails the doctor, which says how to close it",
  async (databases) => {
    await using peer = await startPeer(databases);
    assert.deepEqual(await peer.line("permissions"), {
      name: "permissions",
      ok: true,
      detail: `Data directory "${peer.home}" can be written, by its owner alone`,
    });
    await Deno.chmod(peer.home, 0o755);
    assert.deepEqual(await peer.line("permissions"), {
      name: "permissions",
      ok: false,
      detail: `Others may enter the data directory "${peer.home}" (mode 755)`,
      hint: `Run chmod 700 ${peer.home}`,
    });
  },
);

onEachDatabase(
  "a master key that others may read fails the doctor, which says once how to close it",
  async (databases) => {
    await using peer = await startPeer(databases);
    const key = join(peer.home, "master.key");
    await Deno.chmod(key, 0o644);
    assert.deepEqual(await peer.line("master key"), {
      name: "master key",
      ok: false,
      detail: `The master key "${key}" may be read by others (mode 644)`,
      hint: `Run chmod 600 ${key}`,
    });
  },
);

onEachDatabase("an archive folder that cannot hold files fails the doctor", async (databases) => {
  await using peer = await startPeer(databases);
  const archive = join(peer.home, "archive");
  await Deno.rename(archive, `${archive}.away`);
  // Root may write anywhere: a file in the folder's place refuses files of its own to everybody.
  await Deno.writeTextFile(archive, "");
  const { ok, detail } = await peer.line("permissions");
  assert.equal(ok, false);
  assert.ok(detail.startsWith(`"${archive}" cannot be written: `), detail);
});

onEachDatabase(
  "an archive file that is gone fails the doctor, and the check of the database names it, too",
  async (databases) => {
    await using peer = await startPeer(databases);
    const { path } = peer.segment;
    assert.equal((await peer.line("archive")).ok, true);
    assert.deepEqual((await checkDatabase(peer.home))?.damage, []);
    await Deno.remove(join(peer.home, "archive", path));
    const { ok, detail, hint } = await peer.line("archive");
    assert.deepEqual([ok, detail], [false, `Archive file "${path}" is damaged: it is gone`]);
    assert.match(hint ?? "", /restore the last backup; .*profiles stay/);
    assert.deepEqual((await checkDatabase(peer.home))?.damage, [detail]);
  },
);

onEachDatabase(
  "an archive file whose bytes changed shows in the check of the database, which reads all of it",
  async (databases) => {
    await using peer = await startPeer(databases);
    const { path, length } = peer.segment;
    const file = join(peer.home, "archive", path);
    const bytes = await Deno.readFile(file);
    bytes[length - 6]! ^= 0xff;
    await Deno.writeFile(file, bytes);
    assert.equal((await peer.line("archive")).ok, true);
    const [damage] = (await checkDatabase(peer.home))?.damage ?? [];
    assert.ok(damage?.startsWith(`Archive file "${path}" is damaged: `), damage);
  },
);

onEachDatabase(
  "the doctor says of a PostgreSQL database where it is, of SQLite's only how it is",
  async (databases) => {
    await using peer = await startPeer(databases);
    const { url } = homeOf(peer.home).database;
    const found = await peer.line("database");
    const host = url === undefined ? "" : new URL(url).host;
    const it = url === undefined
      ? "It"
      : `The database "${parsePostgresUrl(url).database}" at ${host}, user "waybill",`;
    assert.deepEqual(found, {
      name: "database",
      ok: true,
      detail: `${it} is whole, up to date (0032_waiting_replays) and can be written`,
    });
  },
);

onEachDatabase("a data directory beside another one's database is told so", async (databases) => {
  await using peer = await startPeer(databases);
  await Deno.rename(join(peer.home, "master.key"), join(peer.home, "away.key"));
  const lost = await peer.line("master key");
  await Deno.writeTextFile(join(peer.home, "master.key"), new Uint8Array(32).toBase64());
  const wrong = await peer.line("master key");
  assert.deepEqual([lost.ok, wrong.ok], [false, false]);
  assert.match(lost.detail, /master key of this database is missing/);
  assert.match(wrong.detail, /master key does not fit this database/);
  for (const { hint } of [lost, wrong]) {
    assert.equal(/WAYBILL_DATABASE_URL names another/.test(hint ?? ""), databases.kind === "postgres");
  }
});

Deno.test("what lies in a database that does not open is told as not checked, once and for all", async () => {
  await using folder = await makeFolder();
  await Deno.writeTextFile(join(folder.path, "waybill.db"), "no database, but some text ".repeat(500));
  const options = { home: folder.path, host: "127.0.0.1", port: freePort(), masterKey: undefined };
  const results = await Array.fromAsync(examine(options));
  const told = new Map(results.map(({ name, ok, detail }) => [name, `${ok}: ${detail}`]));
  assert.match(told.get("database") ?? "", /^false: (?!Not checked)/);
  for (const name of ["archive", "master key", "clock"]) {
    assert.equal(told.get(name), "false: Not checked: the database does not open");
  }
});

onEachDatabase("what lies in a newer Waybill's database is told as not checked", async (databases) => {
  await using peer = await startPeer(databases);
  {
    await using database = await openDatabase(homeOf(peer.home).database);
    await sql`insert into migrations (name, applied_at) values ('9999-later', 1)`.execute(database.kysely);
  }
  assert.match((await peer.line("database")).detail, /^A newer Waybill made /);
  const { ok, detail } = await peer.line("archive");
  assert.deepEqual([ok, detail], [false, "Not checked: a newer Waybill made the database"]);
});

onEachDatabase("an empty PostgreSQL database in which no tables can be made is told so", async (databases) => {
  if (databases.kind === "sqlite") return;
  await using peer = await startPeer(databases);
  const { url } = homeOf(peer.home).database;
  const name = parsePostgresUrl(url ?? "").database;
  const told = async (...statements: readonly string[]) => {
    {
      await using database = await openDatabase(homeOf(peer.home).database);
      for (const statement of statements) await sql.raw(statement).execute(database.kysely);
    }
    const { ok, detail } = await peer.line("database");
    return `${ok}: ${detail.replace(/^.*, user "waybill", /, "")}`;
  };
  // What is not on the search path is not there.
  const elsewhere = `alter database ${name} set search_path = `;
  assert.equal(
    await told("create schema fresh", elsewhere + "fresh"),
    "true: is empty; its tables are made at first use",
  );
  assert.equal(
    await told("revoke create on schema fresh from current_user"),
    "false: refused a statement: permission denied for schema fresh",
  );
  assert.equal(
    await told(elsewhere + "nowhere"),
    "false: has no schema to make tables in: no schema has been selected to create in",
  );
  assert.equal(
    await told(elsewhere + "fresh", `alter database ${name} set default_transaction_read_only = on`),
    "false: takes no writes: it is a stand-by or set read-only",
  );
});

onEachDatabase("notices that do not arrive, and those that nobody delivers, fail the doctor", async (databases) => {
  await using peer = await startPeer(databases);
  assert.deepEqual(await peer.line("notices"), {
    name: "notices",
    ok: true,
    detail: "Every notice of jobs was delivered, or is about to be",
  });
  const now = Temporal.Now.instant().epochMilliseconds, hour = 3_600_000, since = "2026-01-01T00:00:00.000Z";
  const put = async (channel: "mail" | "webhook", attempts: number, created_at: number) => {
    await using database = await openDatabase(homeOf(peer.home).database);
    await database.kysely.insertInto("notices").values({
      account_id: 1,
      id: crypto.randomUUID().replaceAll("-", ""),
      channel,
      event: "run_failed",
      job_id: "0".repeat(32),
      job_label: "nightly",
      run_id: null,
      message: "It failed",
      hint: null,
      attempts,
      not_before: now + hour,
      created_at,
    }).execute();
  };
  await put("mail", 1, now);
  assert.equal((await peer.line("notices")).ok, true, "the first try may be under way");
  await put("webhook", 0, Date.parse(since));
  const untried = await peer.line("notices");
  assert.equal(untried.ok, false);
  assert.match(untried.detail, /^Notices of jobs wait: 1 by webhook of account "\w+" nobody has tried to deliver, /);
  assert.match(untried.hint ?? "", /waybill serve/);
  await put("webhook", 4, now);
  await put("mail", 2, now);
  const { detail, hint } = await peer.line("notices");
  assert.match(detail, /2 by webhook of account "\w+" could not be delivered in 4 tries, the oldest since 2026-01-01T/);
  assert.match(detail, /; 1 by mail of account "\w+" could not be delivered in 2 tries, /);
  assert.match(hint ?? "", /log says why.*--notify-email/);
});

onEachDatabase("the doctor knocks at the SFTP port of each server that runs", async (databases) => {
  await using peer = await startPeer(databases);
  assert.deepEqual(await peer.line("sftp"), {
    name: "sftp",
    ok: true,
    detail: "No process of this machine serves it",
  });
  const { database: address, processesDir } = homeOf(peer.home);
  await using database = await openDatabase(address);
  await using process = await Processes.join(database, processesDir, "serve");
  const answered = async (greeting: string | undefined) => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    await process.servesSftpAt({ host: "0.0.0.0", port });
    const greeted = (async () => {
      if (greeting === undefined) return listener.close();
      using connection = await listener.accept();
      await connection.write(new TextEncoder().encode(greeting));
    })();
    const { ok, detail, hint } = await peer.line("sftp");
    await greeted;
    if (greeting !== undefined) listener.close();
    return [
      ok,
      detail.replace(String(port), "PORT").replace(/(does not answer: )Connection refused.*/, "$1refused"),
      hint,
    ];
  };
  assert.deepEqual(await answered("SSH-2.0-Waybill\r\n"), [true, "The server answers on 0.0.0.0 port PORT", undefined]);
  const hint = "See the server's log, and start `waybill serve` anew";
  assert.deepEqual(await answered("SSH-2.0-OpenSSH_9.2\r\n"), [
    false,
    "0.0.0.0 port PORT does not answer: something else answers there",
    hint,
  ]);
  assert.deepEqual(await answered(undefined), [false, "0.0.0.0 port PORT does not answer: refused", hint]);
});
