import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { UserHandles } from "./handles.ts";
import { MemoryAccount } from "./memory_files_testing.ts";
import { Operations } from "./operations.ts";
import { MalformedPacket } from "./packet_reader.ts";
import { MAX_PACKET, OpenFlag, PacketType } from "./protocol.ts";
import { readRequest, type Request } from "./requests.ts";
import { readAnswer, requestPacket, statusName } from "./requests_testing.ts";
import { PacketSplitter } from "./splitter.ts";

const id = fc.nat(0xFFFF_FFFF);
const record = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) => fc.record<T>(model, { noNullPrototype: true });
const uint32 = fc.nat(0xFFFF_FFFF);
const position = fc.maxSafeNat();
const handle = fc.string({ unit: "grapheme-ascii", maxLength: 256 });
const path = fc.oneof(fc.string({ unit: "binary", maxLength: 300 }), fc.constant("\uFEFF/bom"));
const attributes = fc.record({
  size: position,
  owner: record({ user: uint32, group: uint32 }),
  mode: uint32,
  times: record({ accessed: uint32, modified: uint32 }),
}, { requiredKeys: [], noNullPrototype: true });
const data = fc.uint8Array({ maxLength: 2_000 }).map((bytes) => Buffer.from(bytes));

const request: fc.Arbitrary<Request> = fc.oneof<fc.Arbitrary<Request>[]>(
  record({
    kind: fc.constantFrom(
      "stat" as const,
      "open_folder" as const,
      "remove" as const,
      "make_folder" as const,
      "remove_folder" as const,
      "canonical" as const,
      "read_link" as const,
    ),
    path: fc.option(path, { nil: undefined }),
  }),
  record({ kind: fc.constantFrom("close" as const, "stat_handle" as const, "read_folder" as const), handle }),
  record({ kind: fc.constant("open" as const), path, flags: uint32 }),
  record({ kind: fc.constant("read" as const), handle, position, length: uint32 }),
  record({ kind: fc.constant("write" as const), handle, position, data }),
  record({ kind: fc.constant("set_stat" as const), path, attributes }),
  record({ kind: fc.constant("set_stat_handle" as const), handle, attributes }),
  record({ kind: fc.constant("rename" as const), from: path, to: path, replace: fc.boolean() }),
  record({ kind: fc.constant("link" as const), symbolic: fc.boolean() }),
  record({ kind: fc.constantFrom("sync" as const, "space_handle" as const), handle }),
  record({ kind: fc.constant("space" as const), path }),
  record({ kind: fc.constant("home" as const), username: path }),
  fc.constantFrom<Request>({ kind: "limits" }, { kind: "ignored" }),
);

Deno.test("requests read as they were written, however the network cuts them into pieces", () => {
  const sent = fc.array(fc.tuple(id, request), { minLength: 1, maxLength: 20 });
  fc.assert(fc.property(sent, fc.infiniteStream(fc.integer({ min: 1, max: 3_000 })), (requests, sizes) => {
    const bytes = Buffer.concat(requests.map(([id, request]) => requestPacket(id, request)));
    const splitter = new PacketSplitter();
    const packets: Uint8Array[] = [];
    for (let at = 0; at < bytes.length;) {
      const size = sizes.next().value ?? 1;
      packets.push(...splitter.split(bytes.subarray(at, at + size)));
      at += size;
    }
    const read = packets.map((packet) => readRequest(packet));
    assert.deepEqual(read, requests.map(([id, request]) => ({ id, request })));
  }));
});

/** Numbers that look random and are the same each time (xorshift). */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

Deno.test("of 100,000 packets of garbage none throws anything but MalformedPacket", () => {
  const next = generator(42);
  let malformed = 0;
  for (let round = 0; round < 100_000; round++) {
    const packet = new Uint8Array(next(64));
    for (let at = 0; at < packet.length; at++) packet[at] = next(4) === 0 ? next(256) : next(3);
    // Most begin with a type that there is, so that they get further.
    if (packet.length > 0 && next(8) > 0) packet[0] = next(10) === 0 ? PacketType.EXTENDED : 3 + next(18);
    try {
      if (readRequest(packet).request.kind === "malformed") malformed++;
    } catch (error) {
      assert.ok(error instanceof MalformedPacket, String(error));
      malformed++;
    }
  }
  assert.ok(malformed > 10_000 && malformed < 99_000, `${malformed} of them`);
});

Deno.test("every request that can be read gets one answer with its id, and nothing is a bug", async () => {
  const next = generator(7);
  const account = new MemoryAccount();
  const bugs: unknown[] = [];
  const operations = new Operations({
    files: await account.session(),
    username: "ada",
    maxHandles: 16,
    userHandles: new UserHandles(16),
    journal: () => {},
    onBug: (error) => bugs.push(error),
  });
  const names = ["a", "b", "a/c", "../x", "", "/", "ä", undefined];
  const handles = ["none"];
  const some = <T>(values: readonly T[]): T => values[next(values.length)] ?? values[0]!;
  const requests: (() => Request)[] = [
    () => ({ kind: "open", path: some(names), flags: next(64) }),
    () => ({ kind: "write", handle: some(handles), position: next(1_000), data: Buffer.alloc(next(100)) }),
    () => ({ kind: "read", handle: some(handles), position: next(1_000), length: next(1_000) }),
    () => ({ kind: "rename", from: some(names), to: some(names), replace: next(2) === 0 }),
    () => ({ kind: "make_folder", path: some(names) }),
    () => ({ kind: "open_folder", path: some(names) }),
    () => ({ kind: "read_folder", handle: some(handles) }),
    () => ({ kind: "close", handle: some(handles) }),
    () => ({ kind: "remove", path: some(names) }),
    () => ({ kind: "set_stat_handle", handle: some(handles), attributes: { size: next(2_000) } }),
    () => ({ kind: "space", path: some(names) }),
    () => ({ kind: "malformed", why: "" }),
    () => ({ kind: "unsupported", what: "" }),
  ];
  const codes = new Map<string, number>();
  for (let round = 0; round < 5_000; round++) {
    const packet = requestPacket(round, some(requests)());
    // Now and then a byte of it is another.
    if (next(4) === 0) packet[9 + next(Math.max(packet.length - 9, 1))] = next(256);
    const answer = readAnswer((await operations.answer(readRequest(packet.subarray(4)))).subarray(4));
    assert.equal(answer.id, round);
    if (answer.type === "handle") handles.push(answer.handle);
    const code = answer.type === "status" ? statusName(answer.code) : answer.type;
    codes.set(code, (codes.get(code) ?? 0) + 1);
  }
  await operations.end();
  assert.deepEqual(bugs, []);
  assert.equal(account.open, 0);
  for (const code of ["OK", "FAILURE", "NO_SUCH_FILE", "BAD_MESSAGE", "OP_UNSUPPORTED", "handle", "names"]) {
    assert.ok(codes.has(code), `no answer was ${code}: ${JSON.stringify([...codes])}`);
  }
});

Deno.test("a length that no packet has is refused before its bytes come", () => {
  for (const length of [0, 4, MAX_PACKET + 1, 0x7FFF_FFFF, 0xFFFF_FFFF]) {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(length);
    assert.throws(() => new PacketSplitter().split(bytes), MalformedPacket);
  }
  const bytes = Buffer.alloc(4 + 5);
  bytes.writeUInt32BE(5);
  assert.equal(new PacketSplitter().split(bytes).length, 1);
});

Deno.test("open flags mean what open(2) has them mean, and append writes at the end", async () => {
  const account = new MemoryAccount();
  const operations = new Operations({
    files: await account.session(),
    username: "ada",
    maxHandles: 16,
    userHandles: new UserHandles(16),
    journal: () => {},
    onBug: (error) => assert.fail(String(error)),
  });
  const ask = async (request: Request) => readAnswer((await operations.answer({ id: 1, request })).subarray(4));
  account.put("a", Buffer.from("abc"));
  const opened = await ask({ kind: "open", path: "a", flags: OpenFlag.WRITE | OpenFlag.APPEND });
  assert.ok(opened.type === "handle");
  await Promise.all(
    ["d", "e"].map((text) => ask({ kind: "write", handle: opened.handle, position: 0, data: Buffer.from(text) })),
  );
  assert.equal(Buffer.from(account.content("a")).toString(), "abcde");
  const exclusive = OpenFlag.WRITE | OpenFlag.CREATE | OpenFlag.EXCLUSIVE;
  const refused = await ask({ kind: "open", path: "a", flags: exclusive });
  assert.ok(refused.type === "status" && refused.message === '"a" is there already');
  const neither = await ask({ kind: "open", path: "a", flags: 0 });
  assert.ok(neither.type === "handle");
  const denied = await ask({ kind: "write", handle: neither.handle, position: 0, data: Buffer.from("x") });
  assert.ok(denied.type === "status" && statusName(denied.code) === "PERMISSION_DENIED");
});
