import assert from "node:assert/strict";
import fc from "fast-check";
import * as openpgp from "openpgp";
import { abortFailure, Failure } from "../../contracts/failure.ts";
import { folderSpool } from "../spool.ts";
import { memorySpool } from "../spool_memory.ts";
import { decryptPgp } from "./decrypt.ts";
import { encryptPgp } from "./encrypt.ts";
import { collect, decryptAll, inPieces, sampleContent, streamOfBytes } from "./pgp_testing.ts";
import { readPrivateKey, readPublicKey } from "./read_keys.ts";

async function makeKeys() {
  const { privateKey, publicKey } = await openpgp.generateKey({
    type: "ecc",
    userIDs: { email: "a@test.invalid" },
    format: "object",
  });
  return {
    key: await readPrivateKey(privateKey.armor()),
    sign: await readPrivateKey(privateKey.armor(), { use: "sign" }),
    recipient: await readPublicKey(publicKey.armor()),
    signer: await readPublicKey(publicKey.armor(), { use: "verify" }),
  };
}

Deno.test("any bytes in any pieces come back, binary or armored, signed or not", async () => {
  const { key, sign, recipient, signer } = await makeKeys();
  const property = fc.asyncProperty(
    fc.uint8Array({ maxLength: 3_000, size: "max" }),
    fc.integer({ min: 1, max: 4_000 }),
    fc.integer({ min: 1, max: 4_000 }),
    fc.boolean(),
    fc.constantFrom("binary", "\n", "\r\n"),
    async (content, pieces, pieces2, isSigned, form) => {
      const options = { recipients: [recipient], ...isSigned ? { sign } : {}, name: "a" };
      let message = await collect(await encryptPgp(streamOfBytes(content, pieces), options));
      if (form !== "binary") message = armored(message, form);
      const signers = isSigned ? [signer] : [];
      const result = await decryptAll(message, key, { pieces: pieces2, signers });
      assert.deepEqual(result.content, new Uint8Array(content));
    },
  );
  await fc.assert(property, { numRuns: 300 });
});

function armored(message: Uint8Array, lineEnd: string): Uint8Array {
  const lines = message.toBase64().match(/.{1,64}/g) ?? [];
  // As RFC 9580 has it: without a checksum.
  const text = ["-----BEGIN PGP MESSAGE-----", "", ...lines, "-----END PGP MESSAGE-----", ""].join(lineEnd);
  return new TextEncoder().encode(text);
}

Deno.test("a larger file goes through a folder, and its end can be read by itself", async () => {
  const { key, recipient } = await makeKeys();
  const folder = await Deno.makeTempDir();
  try {
    const content = sampleContent(5_000_000);
    const message = await encryptPgp(streamOfBytes(content, 65_536), { recipients: [recipient] });
    await using decrypted = await decryptPgp(message, { keys: [key], spool: folderSpool(folder) });
    assert.equal(decrypted.size, content.length);
    assert.deepEqual(await collect(decrypted.open()), content);
    assert.deepEqual(await collect(decrypted.open(4_999_000)), content.subarray(4_999_000));
    const into = new Uint8Array(100);
    assert.equal(await decrypted.read(4_999_950, into), 50);
    assert.deepEqual(into.subarray(0, 50), content.subarray(-50));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("nothing can be read of a message before its last byte has come", async () => {
  const { key, recipient } = await makeKeys();
  const content = sampleContent(2_000_000);
  const message = await collect(await encryptPgp(streamOfBytes(content), { recipients: [recipient] }));
  let isEnded = false;
  const source = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
    yield* inPieces(message, 50_000);
    isEnded = true;
  };
  await using decrypted = await decryptPgp(source(), { keys: [key], spool: memorySpool() });
  assert.ok(isEnded);
  assert.equal(decrypted.size, content.length);
});

Deno.test("a source that fails and a signal that is aborted end the work; the spool is left empty, the source closed", async () => {
  const { key, recipient } = await makeKeys();
  const message = await collect(await encryptPgp(streamOfBytes(sampleContent(3_000_000)), { recipients: [recipient] }));
  const made: { isOpen: boolean }[] = [];
  const spool = {
    create: async () => {
      const file = await memorySpool().create();
      const state = { isOpen: true };
      made.push(state);
      const dispose = file[Symbol.asyncDispose].bind(file);
      file[Symbol.asyncDispose] = async () => {
        state.isOpen = false;
        await dispose();
      };
      return file;
    },
  };
  const failure = new Failure("transient", "The connection was lost");
  const failing = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
    yield* inPieces(message.subarray(0, 1_000_000), 65_536);
    throw failure;
  };
  await assert.rejects(decryptPgp(failing(), { keys: [key], spool }), (error) => error === failure);

  const abort = new AbortController();
  let isClosed = false;
  const endless = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* inPieces(message.subarray(0, 1_000_000), 65_536);
      abort.abort();
      yield* inPieces(message.subarray(1_000_000), 65_536);
    } finally {
      isClosed = true;
    }
  };
  const { signal } = abort;
  await assert.rejects(decryptPgp(endless(), { keys: [key], spool, signal }), {
    message: abortFailure(signal).message,
  });
  assert.ok(isClosed);
  assert.deepEqual(made, [{ isOpen: false }, { isOpen: false }]);
});

Deno.test("what is to be encrypted may fail, and who is to read it must be named", async () => {
  const { recipient } = await makeKeys();
  const failure = new Failure("transient", "The connection was lost");
  const failing = ReadableStream.from(async function* (): AsyncGenerator<Uint8Array, void, undefined> {
    yield sampleContent(200_000);
    throw failure;
  }());
  const message = await encryptPgp(failing, { recipients: [recipient] });
  await assert.rejects(collect(message), (error) => error === failure);
  await assert.rejects(encryptPgp(streamOfBytes(new Uint8Array(1)), { recipients: [] }), { kind: "config" });
});

Deno.test("nobody reads the content that is to be encrypted further when the message is cancelled", async () => {
  const { recipient } = await makeKeys();
  let isCancelled = false;
  const content = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
    cancel: () => {
      isCancelled = true;
    },
  });
  const reader = (await encryptPgp(content, { recipients: [recipient] })).getReader();
  await reader.read();
  await reader.cancel();
  assert.ok(isCancelled);
});
