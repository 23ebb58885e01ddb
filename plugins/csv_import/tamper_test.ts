/** What becomes of encrypted files that were changed or cut on their way: not a row of them is imported. */
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { Failure } from "@waybill/waybill";
import { type Decrypt, decryptPgp, encryptPgp, readPrivateKey, readPublicKey } from "@waybill/waybill/codecs";
import { memoryStore } from "@waybill/waybill/files";
import { runJob } from "@waybill/waybill/testing";
import { openGnuPg, requireGnuPg } from "../../core/codecs/pgp/gnupg_testing.ts";
import { damages } from "../../core/codecs/pgp/pgp_testing.ts";
import { makeZip } from "../../core/codecs/zip/zip_testing.ts";
import { csvImport } from "./mod.ts";
import { run } from "./run.ts";

/** Damaged files that are imported, of all forms together. */
const TAMPERINGS = 4_000;

const CSV = "id,email\n" + Array.from({ length: 12 }, (_, row) => `${row},user${row}@example.com\n`).join("");

Deno.test({
  name: "of 4,000 encrypted files that were changed or cut, not a row is imported",
  ignore: !requireGnuPg(),
  fn: async () => {
    await using gpg = await openGnuPg();
    const pair = await gpg.makeKey("ours", { sign: "ed25519", encrypt: "cv25519" });
    const keys = [await readPrivateKey(pair.secret)];
    const decrypt: Decrypt = (source, options) => decryptPgp(source, { keys, ...options });
    const byGnuPg = async (content: string | Uint8Array, ...args: string[]) =>
      await gpg.run(["--recipient", "<ours@test.invalid>", ...args, "--encrypt"], content);
    const recipients = [await readPublicKey(pair.public)];
    const byUs = async (content: Uint8Array) =>
      await new Response(await encryptPgp(new Blob([content.slice()]).stream(), { recipients })).bytes();
    const zip = makeZip([{ name: "a.csv", content: CSV }]);
    const forms: readonly (readonly [name: string, message: Uint8Array])[] = [
      ["a.csv.pgp", await byGnuPg(CSV)],
      // Nothing but its first bytes tells that it is encrypted.
      ["plain.csv", await byGnuPg(CSV, "--compress-algo", "none")],
      ["signed.csv.gpg", await byGnuPg(CSV, "--sign", "--local-user", "<ours@test.invalid>")],
      ["a.csv.gz.pgp", await byGnuPg(gzipSync(CSV), "--compress-algo", "none")],
      ["a.zip.pgp", await byUs(zip)],
    ];
    let imported = 0;
    const watched: typeof csvImport = {
      ...csvImport,
      run: (context) =>
        run({
          ...context,
          emit: async (batch, ...rest) => {
            imported++;
            await context.emit(batch, ...rest);
          },
          reject: async (rows, ...rest) => {
            imported++;
            await context.reject(rows, ...rest);
          },
        }, 2),
    };
    for (const [file, message] of forms) {
      const importing = (bytes: Uint8Array) =>
        runJob(watched, {
          connection: { files: memoryStore({ [file]: bytes }), decrypt },
          config: { stream: "people", file },
        });
      assert.equal((await importing(message)).rows.length, 12, file);
      imported = 0;
      for (const [how, bytes] of damages(message, TAMPERINGS / forms.length)) {
        const failure = await importing(bytes).then(() => undefined, (error) => error);
        assert.ok(failure instanceof Failure, `${file}, ${how}: ${Deno.inspect(failure)}`);
        // A changed key id makes it a message to somebody else.
        assert.ok(failure.kind === "data" || failure.kind === "auth", `${file}, ${how}: ${failure.message}`);
        assert.equal(imported, 0, `${file}, ${how}`);
      }
    }
  },
});
