import assert from "node:assert/strict";
import { Archive, gzipMember, placeMember } from "./archive.ts";
import { MembersInOrder, type OrderPosition } from "./archive_order.ts";

const encoder = new TextEncoder(), decoder = new TextDecoder();

/** An archive of three files; `written` says into which each member goes, of one event each, in order. */
async function archiveOf(written: readonly number[]) {
  const folder = await Deno.makeTempDir();
  const archive = new Archive(folder), lengths = [0, 0, 0];
  for (const [index, file] of written.entries()) {
    const member = gzipMember(encoder.encode(`${index}\n`));
    placeMember(member, index + 1);
    lengths[file] = await archive.append(`${file}.gz`, lengths[file]!, member);
  }
  const segments = lengths.map((length, file) => ({ id: file, path: `${file}.gz`, length }));
  return { archive, segments, [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }) };
}

Deno.test("members of several files come in order, and go on behind whichever was given last", async () => {
  const written = [0, 0, 1, 0, 1, 2, 1, 1, 0, 2];
  await using it = await archiveOf(written);
  const { archive, segments } = it;
  const textsFrom = (from?: OrderPosition) =>
    Array.from(new MembersInOrder(archive, segments, from), ({ segment, member }) => {
      const text = decoder.decode(member.lines);
      assert.equal(segment.id, written[member.position - 1]);
      return Number(text);
    });
  const all = written.map((_, index) => index);
  assert.deepEqual(textsFrom(), all);
  const members = new MembersInOrder(archive, segments);
  assert.deepEqual(textsFrom(members.position), all);
  let given = 0;
  for (const _ of members) {
    given++;
    // As a checkpoint is kept.
    assert.deepEqual(textsFrom(JSON.parse(JSON.stringify(members.position))), all.slice(given));
  }
  assert.equal(given, written.length);
  assert.deepEqual(textsFrom(members.position), []);
});
