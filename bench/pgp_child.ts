/**
 * Decrypts a file to `/dev/null`, in a process of its own: `waybill|openpgp KEY_FILE FILE FOLDER`. Prints the seconds from
 * the opening of the file to its last byte.
 *
 * @module
 */
import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import { localStore } from "../core/files/mod.ts";
import { decryptPgp, folderSpool, readPrivateKey } from "../core/codecs/mod.ts";

/** How Waybill does it: nothing is given out before all is authentic. */
async function withWaybill(armored: string, file: string, folder: string): Promise<number> {
  const key = await readPrivateKey(armored);
  const start = performance.now();
  const source = await localStore({ root: folder }).open(file);
  await using decrypted = await decryptPgp(source, { keys: [key], spool: folderSpool(`${folder}/spool`) });
  await discard(decrypted.open());
  return performance.now() - start;
}

/** The library as it comes: it, too, gives nothing out before all is authentic. */
async function withLibrary(armored: string, file: string, folder: string): Promise<number> {
  const { decrypt, readMessage, readPrivateKey } = await import("openpgp");
  const decryptionKeys = await readPrivateKey({ armoredKey: armored });
  const start = performance.now();
  const binaryMessage = Readable.toWeb(createReadStream(`${folder}/${file}`)) as ReadableStream<Uint8Array>;
  const { data } = await decrypt({
    message: await readMessage<ReadableStream<Uint8Array>>({ binaryMessage }),
    decryptionKeys,
    format: "binary",
  });
  await discard(data);
  return performance.now() - start;
}

async function discard(stream: ReadableStream<Uint8Array>): Promise<void> {
  using sink = await Deno.open("/dev/null", { write: true });
  const reader = stream.getReader();
  for (let { value } = await reader.read(); value !== undefined; { value } = await reader.read()) {
    await sink.write(value);
  }
}

if (import.meta.main) {
  const [program = "", keyFile = "", file = "", folder = ""] = Deno.args;
  const decrypt = program === "openpgp" ? withLibrary : withWaybill;
  const milliseconds = await decrypt(await Deno.readTextFile(keyFile), file, folder);
  await Deno.writeTextFile(`${folder}/seconds`, String(milliseconds / 1_000));
}
