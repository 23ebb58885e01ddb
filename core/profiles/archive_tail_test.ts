import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { Failure } from "../contracts/failure.ts";
import { Archive, gzipMember, placeMember } from "./archive.ts";
import { readMembers } from "./archive_members.ts";
import { lastEvents, readMembersBackward } from "./archive_tail.ts";

const encoder = new TextEncoder();

/** An archive with a file of these members, each a list of lines; positions follow one another from 1. */
async function archiveOf(members: readonly (readonly string[])[]) {
  const folder = await Deno.makeTempDir();
  const archive = new Archive(folder);
  let length = 0, position = 1;
  for (const lines of members) {
    const member = gzipMember(encoder.encode(lines.map((line) => `${line}\n`).join("")));
    placeMember(member, position);
    length = await archive.append("a.gz", length, member);
    position += lines.length;
  }
  return { archive, length, folder, [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }) };
}

/** Lines that hardly compress: a member of them is longer than what is read at a time. */
const noise = (count: number) => Array.from({ length: count }, () => randomBytes(3_000).toString("base64"));

Deno.test("members are read from the end as from the beginning, the other way round", async () => {
  await using it = await archiveOf([["a", "b"], noise(400), ["c"], noise(3), ["d", "e", "f"]]);
  const forward = [...readMembers(it.archive, "a.gz", it.length)];
  assert.deepEqual([...readMembersBackward(it.archive, "a.gz", it.length)], forward.toReversed());
  assert.ok(forward[1]!.end - forward[1]!.offset > 600_000);
});

Deno.test("the last events are those of the last positions, in their order, and no more than there are", async () => {
  await using it = await archiveOf([["a", "b"], ["c"], ["d", "e", "f"]]);
  const last = (wanted: number) =>
    lastEvents(it.archive, [{ path: "a.gz", length: it.length }], wanted).map(({ position, count, lines }) => [
      position,
      count,
      new TextDecoder().decode(lines),
    ]);
  assert.deepEqual(last(2), [[5, 2, "e\nf\n"]]);
  assert.deepEqual(last(3), [[4, 3, "d\ne\nf\n"]]);
  assert.deepEqual(last(5), [[2, 1, "b\n"], [3, 1, "c\n"], [4, 3, "d\ne\nf\n"]]);
  assert.deepEqual(last(100).length, 3);
  assert.deepEqual(last(0), []);
  assert.deepEqual(lastEvents(it.archive, [], 5), []);
});

Deno.test("what is behind the events that are wanted is not looked at, and damage in them is told", async () => {
  await using it = await archiveOf([["a"], ["b"], ["c"]]);
  const path = `${it.folder}/a.gz`;
  const bytes = await Deno.readFile(path);
  const [first] = [...readMembers(it.archive, "a.gz", it.length)];
  bytes[first!.end - 5]! ^= 255;
  await Deno.writeFile(path, bytes);
  const files = [{ path: "a.gz", length: it.length }];
  assert.equal(lastEvents(it.archive, files, 2).length, 2);
  assert.throws(
    () => lastEvents(it.archive, files, 3),
    (error: unknown) => error instanceof Failure && /^Archive file "a.gz" is damaged: /.test(error.message),
  );
});
