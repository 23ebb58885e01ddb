import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { gzipSync } from "node:zlib";
import type { JsonValue } from "../contracts/records.ts";
import { PeopleInText } from "../profiles/people_in_text.ts";
import type { Core } from "./core.ts";
import type { EraseContext } from "./erasable_stores.ts";
import { managedFileStore } from "./erase_managed.ts";
import { openHome } from "./home.ts";
import { get, type ManagedPeer, onEachContents, put } from "./managed/managed_testing.ts";

const ANN = "ann@example.com";

/** Somebody with one e-mail address. */
const people = new PeopleInText([{
  rules: {
    identifyBy: ["email"],
    identity: { normalise: (_: string, value: string) => value.trim().toLowerCase() },
  } as never,
  names: (_, value) => value === ANN,
}]);

/** Erases, in steps that each begin from what was committed, and gives the notes. `found`: called before each commit. */
async function erase(peer: ManagedPeer, found = async () => {}): Promise<string[]> {
  const notes: string[] = [];
  const home = await openHome(`${peer.folder}/home`);
  const { database, contents: managed } = peer;
  let position: JsonValue | undefined;
  for (let killed = true; killed;) {
    killed = false;
    const context: Partial<EraseContext> = {
      core: { database, managed, home } as unknown as Core,
      account: 1,
      people,
      position,
      signal: new AbortController().signal,
      task: { note: (text: string) => notes.push(text), progress: () => {} } as unknown as EraseContext["task"],
      commit: async (work) => {
        await found();
        await database.write(async (transaction) => {
          position = (await work(transaction)).position;
        });
        killed = position !== true;
        if (killed) throw new Error("killed");
      },
    };
    await managedFileStore.erase(context as EraseContext).catch((error) => {
      if (error.message !== "killed") throw error;
    });
  }
  return notes;
}

onEachContents(
  "an erasure removes the files that hold somebody, and those that nobody can look into",
  async (start) => {
    await using peer = await start();
    await using session = peer.session();
    await session.makeFolder("/in");
    await put(session, "/in/with.csv", `id,email\n1,${ANN}\n`);
    await put(session, "/in/without.csv", "id,email\n2,bob@example.com\n");
    await put(session, "/in/long.csv", `id,email\n${"2,bob@example.com\n".repeat(80_000)}1,Ann@Example.com\n`);
    for (
      const [name, text] of [["with.csv.gz", `id\n${ANN}\n`], ["without.csv.gz", "id\nbob@example.com\n"]] as const
    ) {
      const file = await session.open(`/in/${name}`, { write: true, create: true });
      await file.write(0, gzipSync(text));
      await file.close();
    }
    await put(session, "/in/sealed.csv.pgp", "-----BEGIN PGP MESSAGE-----\n\nnobody can read this\n");
    await put(session, "/in/packed.csv.bz2", "BZh91AY&SY and what nobody here unpacks");
    await put(session, `/in/${ANN}.csv`, "nothing\n");
    const binary = await session.open("/in/picture.bin", { write: true, create: true });
    await binary.write(0, randomBytes(3 << 20));
    await binary.close();
    const wide = await session.open("/in/without.utf16.csv", { write: true, create: true });
    await wide.write(0, Buffer.from("\ufeffid,email\n2,bob@example.com\n".repeat(3_000), "utf16le"));
    await wide.close();
    const notes = await erase(peer);
    const left = (await Array.fromAsync(session.list("/in"))).flat().map(({ name }) => name);
    assert.deepEqual(left, ["without.csv", "without.csv.gz", "without.utf16.csv"]);
    assert.match(notes.join(), /removed: 7/);
    assert.equal((await peer.stored()).length, 3);
    const sizes = (await Array.fromAsync(session.list("/in"))).flat().map(({ size }) => size);
    assert.equal(await peer.bytes(), sizes.reduce((sum, size) => sum + size, 0));
    const log = JSON.stringify(await peer.database.kysely.selectFrom("managed_log").selectAll().execute());
    assert.ok(!log.includes(ANN) && log.includes("[erased]"), log);
  },
);

onEachContents(
  "an erasure reaches what an upload that broke off has brought, and names of folders",
  async (start) => {
    await using peer = await start();
    const session = peer.session();
    await session.makeFolder(`/${ANN}`);
    await put(session, `/${ANN}/a`, "nobody");
    const file = await session.open("/part", { write: true, create: true });
    await file.write(0, new TextEncoder().encode(`id\n${ANN}\n`));
    await session[Symbol.asyncDispose]();
    await erase(peer);
    const [folder, ...others] = (await Array.fromAsync(session.list("/"))).flat().map(({ name }) => name);
    assert.match(folder ?? "", /^erased-/);
    assert.deepEqual(others, []);
    assert.equal((await session.stat(`/${folder}/a`)).size, 6);
    assert.equal((await peer.stored()).length, 1);
  },
);

onEachContents("what takes the place of a file while an erasure looks into it stays, and is counted", async (start) => {
  await using peer = await start();
  await using session = peer.session();
  await put(session, "/a.csv", `id,email\n1,${ANN}\n`);
  await put(session, `/${ANN}`, "nothing");
  let looks = 0;
  const notes = await erase(peer, async () => {
    looks++;
    if (looks === 1) await put(session, "/a.csv", "id,email\n2,bob@example.com\n");
    if (looks === 2) await put(session, `/${ANN}`, "something else");
  });
  assert.equal(await get(session, "/a.csv"), "id,email\n2,bob@example.com\n");
  assert.equal((await Array.fromAsync(session.list("/"))).flat().length, 1);
  assert.deepEqual([(await peer.stored()).length, await peer.bytes()], [1, 27]);
  assert.match(notes.join(), /removed: 1/);
});

onEachContents("a file that is removed while an erasure looks into it is counted once", async (start) => {
  await using peer = await start();
  await using session = peer.session();
  await put(session, "/a.csv", `id,email\n1,${ANN}\n`);
  await put(session, "/b.csv", "12345");
  let looks = 0;
  await erase(peer, async () => {
    if (++looks === 1) await session.remove("/a.csv");
  });
  assert.deepEqual([(await peer.stored()).length, await peer.bytes()], [1, 5]);
});
