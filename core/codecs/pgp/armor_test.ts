import assert from "node:assert/strict";
import { dearmor, isArmored } from "./armor.ts";
import { ByteReader } from "./byte_reader.ts";
import { collect, inPieces, sampleContent } from "./pgp_testing.ts";
import { loadOpenPgp } from "./openpgp.ts";

const read = async (text: string, pieces = 1_000): Promise<Uint8Array> =>
  await collect(dearmor(new ByteReader(inPieces(new TextEncoder().encode(text), pieces))));

const BEGIN = "-----BEGIN PGP MESSAGE-----";
const END = "-----END PGP MESSAGE-----";

Deno.test("armor is undone as the library does it, of any length and in any pieces", async () => {
  const { armor, enums } = await loadOpenPgp();
  for (let length = 1; length < 200; length++) {
    const bytes = sampleContent(length);
    for (const withChecksum of [true, false]) {
      const text = armor(enums.armor.message, bytes, undefined, undefined, undefined, withChecksum);
      assert.deepEqual(await read(text, 1 + length % 70), bytes);
      assert.deepEqual(await read(text.replaceAll("\r\n", "\n"), 1), bytes);
      assert.deepEqual(await read(`\ufeff\n\r\n${text.replaceAll("\n", " \n")}\n\n`), bytes);
    }
  }
});

Deno.test("armor with anything in it that does not belong there is refused", async () => {
  assert.deepEqual(await read(`${BEGIN}\nVersion: 1\nComment: a: b\n\nAAAA\n=Je8i\n${END}\n`), new Uint8Array(3));
  for (
    const [text, reason] of [
      [`${BEGIN}\n\nAAAA\n=Je8j\n${END}\n`, /checksum is wrong/],
      [`${BEGIN}\nAAAA\n${END}\n`, /no header/],
      [`${BEGIN}\nVersion\n\nAAAA\n${END}\n`, /no header/],
      [`${BEGIN}\n\nAA!A\n${END}\n`, /what no armor holds/],
      [`${BEGIN}\n\nAA AA\n${END}\n`, /what no armor holds/],
      [`${BEGIN}\n\nAA\rAA\n${END}\n`, /what no armor holds/],
      [`${BEGIN}\n\nAAAB=\n${END}\n`, /too many or too few/],
      [`${BEGIN}\n\nAAB=\n${END}\n`, /what no armor holds/],
      [`${BEGIN}\n\nAA=\n${END}\n`, /too many or too few/],
      [`${BEGIN}\n\nA===\n${END}\n`, /too many or too few/],
      [`${BEGIN}\n\nAAAA\n${END}\n${BEGIN}\n`, /does not end/],
      [`${BEGIN}\n\nAAAA${END}\n`, /does not end/],
      [`${BEGIN}\n\nAAAA\n-----END PGP MESSAGE----\n`, /does not end/],
      [`${BEGIN}\n\nAAAA\n${END}\n${"x".repeat(10_000)}`, /does not end|something follows/],
      [`${BEGIN}\n\nAAAA\n`, /cut short/],
      [`${BEGIN}\n`, /cut short/],
      [`${BEGIN}\n\nAAAA\n-----EN`, /cut short/],
      ["-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n", /not encrypted/],
      ["-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n", /is a PGP key/],
      ["-----BEGIN PGP MESSAGE, PART 1/2-----\n\n", /does not start/],
      [`${BEGIN}\n${"Comment: a\n".repeat(100)}\n`, /too many headers/],
      [`${BEGIN}\n${"x".repeat(5_000)}`, /too long/],
    ] as const
  ) {
    await assert.rejects(read(text), { kind: "data", message: reason }, text);
  }
});

Deno.test("armor is told from bytes", async () => {
  const told = async (text: string) => await isArmored(new ByteReader(inPieces(new TextEncoder().encode(text), 3)));
  assert.ok(await told(`${BEGIN}\n`));
  assert.ok(await told(`\ufeff \r\n${BEGIN}`));
  assert.equal(await told("a,b\n"), false);
  assert.equal(await told(""), false);
});
