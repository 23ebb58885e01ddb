import assert from "node:assert/strict";
import { join } from "node:path";
import { Buffer } from "node:buffer";
import { gunzipSync } from "node:zlib";
import { Failure } from "../contracts/failure.ts";
import { isHeader, positionOf } from "./archive_members.ts";
import { Archive, gzipMember, MemberPacking, placeMember } from "./archive.ts";

const PATH = "1/stream-1/2025-01-01/00-run-1.jsonl.gz";

interface Peer extends AsyncDisposable {
  readonly archive: Archive;
  /** Where the bytes of {@linkcode PATH} are. */
  readonly file: string;
  /** All lines up to a length. */
  lines(length: number): Promise<string>;
}

async function makeArchive(): Promise<Peer> {
  const folder = await Deno.makeTempDir();
  const archive = new Archive(join(folder, "archive"));
  return {
    archive,
    file: join(archive.folder, PATH),
    lines: async (length) => {
      let text = "";
      for await (const block of archive.read(PATH, length)) {
        assert.equal(block.at(-1), 10, "a block ends with a whole line");
        text += new TextDecoder().decode(block);
      }
      return text;
    },
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

function member(text: string, position = 1): Uint8Array {
  const bytes = gzipMember(new TextEncoder().encode(text));
  placeMember(bytes, position);
  return bytes;
}

function isDamaged(what: RegExp) {
  return (error: unknown): boolean => {
    assert(error instanceof Failure, String(error));
    assert.equal(error.kind, "config");
    assert(error.message.startsWith(`Archive file "${PATH}" is damaged: `), error.message);
    assert.match(error.message, what);
    assert.match(error.hint ?? "", /backup/);
    return true;
  };
}

Deno.test("members are appended one after another, and read back as one series of lines", async () => {
  await using peer = await makeArchive();
  let length = 0;
  let text = "";
  for (let number = 0; number < 5; number++) {
    const lines = Array.from({ length: 700 }, (_, line) => `{"é":"${number}/${line}"}\n`).join("");
    const bytes = member(lines, number);
    const grown = await peer.archive.append(PATH, length, bytes);
    assert.equal(grown, length + bytes.length);
    length = grown;
    text += lines;
  }
  assert.equal((await Deno.stat(peer.file)).size, length);
  assert.equal(await peer.lines(length), text);
});

Deno.test("a line longer than a block of the decompressor comes whole", async () => {
  await using peer = await makeArchive();
  const long = Array.from({ length: 20_000 }, (_, index) => index.toString(36)).join("|");
  const text = `{"a":1}\n{"long":"${long}"}\n{"b":"${long}"}\n`;
  const length = await peer.archive.append(PATH, 0, member(text));
  assert.equal(await peer.lines(length), text);
});

Deno.test("files and folders of the archive are their owner's alone", async () => {
  await using peer = await makeArchive();
  await peer.archive.append(PATH, 0, member("{}\n"));
  assert.equal((await Deno.stat(peer.file)).mode! & 0o777, 0o600);
  assert.equal((await Deno.stat(join(peer.archive.folder, "1"))).mode! & 0o777, 0o700);
});

Deno.test("bytes past the durable length are not read, and the next append cuts them off", async () => {
  await using peer = await makeArchive();
  const first = await peer.archive.append(PATH, 0, member("first\n", 1));
  // Longer than what follows, as a commit that was rolled back may leave it.
  await peer.archive.append(PATH, first, member(Array.from({ length: 99 }, (_, line) => `lost ${line}\n`).join(""), 2));
  assert.equal(await peer.lines(first), "first\n");
  const second = await peer.archive.append(PATH, first, member("second\n", 2));
  assert.equal((await Deno.stat(peer.file)).size, second);
  assert.equal(await peer.lines(second), "first\nsecond\n");
  const again = await peer.archive.append(PATH, 0, member("anew\n", 1));
  assert.equal(await peer.lines(again), "anew\n");
});

Deno.test("a member carries the position of its first event where every gzip reader passes over it", async () => {
  for (const position of [0, 1, 2 ** 32 + 5, Number.MAX_SAFE_INTEGER]) {
    const bytes = member('{"a":1}\n', position);
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    // RFC 1952: flag FEXTRA, then XLEN, SI1, SI2, LEN and the subfield, least significant byte first.
    assert.equal(view.getUint8(3), 4);
    assert.equal(view.getUint16(10, true), 12);
    assert.equal(String.fromCharCode(view.getUint8(12), view.getUint8(13)), "WB");
    assert.equal(view.getUint16(14, true), 8);
    assert.equal(view.getBigUint64(16, true), BigInt(position));
    assert.equal(gunzipSync(bytes).toString(), '{"a":1}\n');
    const stream = new Blob([bytes.slice()]).stream().pipeThrough(new DecompressionStream("gzip"));
    assert.equal(await new Response(stream).text(), '{"a":1}\n');
  }
  const both = Buffer.concat([member("a\n", 1), member("b\n", 2)]);
  assert.equal(gunzipSync(both).toString(), "a\nb\n");
});

Deno.test("many lines are one member, which any byte that is not as it was written damages", () => {
  const text = Array.from({ length: 60_000 }, (_, line) => `{"line":${line},"hash":"${line ** 7}"}\n`).join("");
  const bytes = member(text, 7);
  assert(isHeader(bytes, 0));
  assert.equal(positionOf(bytes), 7);
  assert(text.length > 2 << 20 && bytes.length < text.length / 2, `${bytes.length} of ${text.length} bytes`);
  assert.equal(gunzipSync(bytes).toString(), text);
  assert.equal(gunzipSync(member("")).length, 0);
  const short = member('{"a":1}\n');
  for (let at = short.length - 8; at < short.length; at++) {
    const damaged = short.slice();
    damaged[at]! ^= 1;
    assert.throws(() => gunzipSync(damaged), `byte ${at}`);
  }
});

Deno.test("a position is written in place, also in a member that lies within a larger buffer", () => {
  const alone = member("a\n", 7);
  const within = new Uint8Array(alone.length + 3);
  within.set(gzipMember(new TextEncoder().encode("a\n")), 3);
  placeMember(within.subarray(3), 7);
  assert.deepEqual(within.subarray(3), alone);
});

Deno.test("a member that two compressed is the one that either would have made", () => {
  const lines = new TextEncoder().encode(Array.from({ length: 400_000 }, (_, line) => `{"line":${line}}\n`).join(""));
  const whole = gzipMember(lines);
  assert.deepEqual(gunzipSync(whole), Buffer.from(lines));
  for (const steps of [0, 1, 3, Infinity]) {
    const first = new MemberPacking(lines);
    for (let step = 0; step < steps && !first.done; step++) first.step();
    assert.deepEqual(new MemberPacking(lines, first.take()).finish(), whole, `${steps} pieces`);
  }
});

Deno.test("nothing is read of a file that has no durable bytes", async () => {
  await using peer = await makeArchive();
  assert.equal(await peer.lines(0), "");
});

Deno.test("a file that is gone or too short is a failure that names it, to append as to read", async () => {
  await using peer = await makeArchive();
  await assert.rejects(peer.archive.append(PATH, 10, member("x\n")), isDamaged(/it is gone$/));
  await assert.rejects(peer.lines(10), isDamaged(/it is gone$/));
  const first = await peer.archive.append(PATH, 0, member("a\n", 1));
  const length = await peer.archive.append(PATH, first, member("b\n", 2));
  // Cut between two members, what is left is a faultless gzip file.
  for (const size of [length - 1, first, 0]) {
    await Deno.truncate(peer.file, size);
    await assert.rejects(peer.archive.append(PATH, length, member("x\n")), isDamaged(/it has \d+ of \d+ bytes$/));
    await assert.rejects(peer.lines(length), isDamaged(new RegExp(`it has ${size} of ${length} bytes$`)));
    assert.equal((await Deno.stat(peer.file)).size, size, "a damaged file is left as it is");
  }
});

Deno.test("bytes that changed on the disk are a failure that names the file", async () => {
  await using peer = await makeArchive();
  const first = await peer.archive.append(PATH, 0, member("a\n".repeat(500), 1));
  const length = await peer.archive.append(PATH, first, member("b\n".repeat(500), 2));
  const sound = await Deno.readFile(peer.file);
  // Header and check sum of either member: each is looked at.
  for (const place of [0, first - 5, first, length - 5]) {
    const bytes = sound.slice();
    bytes[place]! ^= 0xff;
    await Deno.writeFile(peer.file, bytes);
    await assert.rejects(peer.lines(length), isDamaged(/incorrect/));
  }
});

Deno.test("what a writer that is gone never recorded is cut off, and files of others stay", async () => {
  await using peer = await makeArchive();
  const { archive } = peer;
  const length = await archive.append(PATH, 0, member("1\n"));
  await archive.append(PATH, length, member("2\n"));
  const folder = "1/stream-1/2025-01-01";
  await archive.append(`${folder}/01-run-2.jsonl.gz`, 0, member("3\n"));
  await archive.append(`${folder}/01-other-1.jsonl.gz`, 0, member("4\n"));
  const isOwn = (name: string) => name.includes("-run-");
  archive.reclaim(folder, isOwn, new Map([[PATH, length]]));
  archive.reclaim("1/stream-1/2025-01-02", isOwn, new Map());
  assert.equal((await Deno.stat(peer.file)).size, length);
  const names = Array.from(Deno.readDirSync(join(archive.folder, folder)), ({ name }) => name).sort();
  assert.deepEqual(names, ["00-run-1.jsonl.gz", "01-other-1.jsonl.gz"]);
});

Deno.test("a file that is gone or shorter than recorded is damaged, one with more is not", async () => {
  await using peer = await makeArchive();
  const { archive } = peer;
  const length = await archive.append(PATH, 0, member("1\n"));
  await archive.append(PATH, length, member("2\n"));
  archive.verify(new Map([[PATH, length]]));
  await Deno.truncate(peer.file, length - 1);
  assert.throws(() => archive.verify(new Map([[PATH, length]])), isDamaged(/has \d+ of \d+ bytes/));
  await Deno.remove(peer.file);
  assert.throws(() => archive.verify(new Map([[PATH, length]])), isDamaged(/it is gone/));
});
