/**
 * The managed SFTP server is killed at 50 random points of uploads: each file is whole or as it was, and what the account
 * counts is what it holds.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { OpenSshClient, requireOpenSshClient } from "../server/sftp/programs_testing.ts";
import { homeOf } from "../core/engine/home.ts";
import type { Database } from "../core/database/database.ts";
import { fileOfContent } from "../core/engine/managed/content_reader.ts";
import { ManagedContents } from "../core/engine/managed/contents.ts";
import { contentsOf } from "../core/engine/managed/nodes.ts";
import { isSmall } from "../core/engine/managed/small_contents.ts";
import { sweepManaged } from "../core/engine/managed/sweep_managed.ts";
import { openQuietRuntime, temporaryFolder } from "./support/home.ts";
import { DATABASE_KINDS, homePath, openPlace, type Place } from "./support/place.ts";
import { freshSeed, type Random, seeded } from "./support/seeded.ts";
import { startSftp } from "./support/waybill_process.ts";

const FILES = ["empty", "small", "medium", "large"] as const;
const BYTES: Readonly<Record<typeof FILES[number], number>> = {
  empty: 0,
  small: 40,
  medium: 300_000,
  large: 3_000_000,
};

/** SQLite takes most of the kills: they are cheaper there. */
const KILLS: Readonly<Record<string, number>> = { SQLite: 38, PostgreSQL: 12 };

for (const kind of DATABASE_KINDS) {
  const kills = KILLS[kind.name] ?? 0;
  Deno.test({
    name: `${kills} kills of the SFTP server leave each file whole or as it was, on ${kind.name}`,
    ignore: !kind.present || !requireOpenSshClient(),
    fn: async () => {
      await using folder = await temporaryFolder();
      await using places = await kind.start();
      const place = await places.make(join(folder.path, "home"));
      await using client = await OpenSshClient.make(0);
      {
        await using runtime = await openQuietRuntime(place, "none");
        await runtime.auths.create({
          method: "managed-sftp",
          config: { username: "partner", public_key: await client.publicKey() },
        });
      }
      const seed = freshSeed();
      const random = seeded(seed);
      let cut = 0;
      for (let round = 1; round <= kills; round++) {
        if (await killOnce(place, client, random, round)) cut++;
        await assertWhole(place, round, `seed ${seed}, round ${round}`);
      }
      // Kills that never met an upload would show nothing.
      assert.ok(cut > kills / 4, `seed ${seed}: ${cut} of ${kills}`);
    },
  });
}

/** What a file holds in a round: told from each other by their first line, and known to be whole by their hash. */
function contentOf(name: typeof FILES[number], round: number): Uint8Array {
  const text = `${name} ${round}\n`;
  const bytes = new TextEncoder().encode(text.repeat(Math.ceil(BYTES[name] / text.length)));
  return bytes.slice(0, BYTES[name]);
}

/** Kills the server some time after a client began to upload; gives whether that cut the client off. */
async function killOnce(
  place: Place,
  client: OpenSshClient,
  random: Random,
  round: number,
): Promise<boolean> {
  await using server = startSftp(place);
  const there = client.to(Number(await server.logged(/SFTP on port (\d+)/)));
  for (const name of FILES) await client.write(name, contentOf(name, round));
  const commands = FILES.flatMap((name) => [`put ${name}`, `put ${name} new-${round}-${name}`]);
  const uploads = [...commands, ...commands, ...commands];
  await using database = await openPlace(place);
  const ended = async () =>
    Number(
      (await database.kysely.selectFrom("managed_log").select(({ fn }) => fn.countAll().as("count"))
        .where("action", "=", "upload").executeTakeFirstOrThrow()).count,
    );
  // After so many uploads, and then somewhere within one.
  const until = await ended() + Math.floor(random() * (uploads.length - 1));
  let over = false;
  const uploading = there.sftp("partner", uploads).finally(() => over = true);
  while (!over && await ended() < until) await new Promise((resolve) => setTimeout(resolve, 2));
  await new Promise((resolve) => setTimeout(resolve, random() * 15));
  await server.kill();
  const { code } = await uploading;
  return code !== 0;
}

/** Every file is one that was uploaded, the account counts their bytes, and nothing else is left. */
async function assertWhole(place: Place, round: number, where: string): Promise<void> {
  const home = homeOf(homePath(place));
  const managed = new ManagedContents(home.managedDir);
  await using database = await openPlace(place);
  await sweepManaged({ database, managed, home });
  const nodes = await database.kysely.selectFrom("managed_nodes").selectAll().execute();
  const [tree] = await database.kysely.selectFrom("managed_trees").select("bytes").execute();
  let bytes = 0;
  for (const { name, size, content, partial, partial_size } of nodes) {
    bytes += size + partial_size;
    if (content === null) continue;
    const held = await bytesOf(database, managed, content);
    assert.equal(held.length, size, `${where}: ${name}`);
    const kind = FILES.find((file) => name.endsWith(file));
    assert.ok(kind !== undefined, name);
    const rounds = Array.from({ length: round }, (_, index) => index + 1);
    const of = rounds.find((number) => sha256(contentOf(kind, number)) === sha256(held));
    assert.ok(of !== undefined, `${where}: "${name}" is no file that was uploaded`);
    if (name.startsWith("new-")) assert.ok(kind === "empty" || name.startsWith(`new-${of}-`), `${where}: ${name}`);
    if (partial !== null) assert.ok(partial_size > 0);
  }
  assert.equal(tree?.bytes ?? 0, bytes, where);
  const named = nodes.flatMap(contentsOf).sort();
  // An empty one may be about to be written, as far as the sweep can tell, for a minute.
  const stored = (await Array.fromAsync(managed.stored())).filter(({ id, bytes }) => bytes > 0 || named.includes(id))
    .map(({ id }) => id).sort();
  assert.deepEqual(stored, named, where);
  const small = await database.kysely.selectFrom("managed_contents").select("id").orderBy("id").execute();
  const namedSmall = nodes.flatMap(({ content }) => content !== null && isSmall(content) ? [content] : []).sort();
  assert.deepEqual(small.map(({ id }) => id), namedSmall, where);
}

async function bytesOf(database: Database, managed: ManagedContents, id: string): Promise<Uint8Array> {
  const { files, entry } = await fileOfContent(database.kysely, managed, 1, { id, name: id });
  return await new Response(await files.open(entry.path)).bytes();
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
