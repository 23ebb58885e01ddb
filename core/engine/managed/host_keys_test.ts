import assert from "node:assert/strict";
import { onEachDatabase } from "../../testing/each_database_testing.ts";
import { openVault } from "../vault.ts";
import { hostKeys } from "./host_keys.ts";

onEachDatabase("host keys are made once, and are what ssh-keygen says of them", async (databases) => {
  const folder = await Deno.makeTempDir();
  try {
    await using database = await databases.open();
    const options = { database, masterKeyPath: `${folder}/master.key` };
    const [one, other] = await Promise.all([hostKeys(await openVault(options)), hostKeys(await openVault(options))]);
    assert.deepEqual(one, other);
    assert.deepEqual(one.map(({ type }) => type), ["ssh-ed25519", "ssh-rsa"]);
    for (const { publicKey, privateKey, fingerprint } of one) {
      await Deno.writeTextFile(`${folder}/key`, privateKey.endsWith("\n") ? privateKey : `${privateKey}\n`);
      await Deno.chmod(`${folder}/key`, 0o600);
      assert.match(await keygen("-l", "-f", `${folder}/key`), new RegExp(` ${fingerprint.replaceAll("+", "\\+")} `));
      assert.equal((await keygen("-y", "-f", `${folder}/key`)).trim().split(" ").slice(0, 2).join(" "), publicKey);
    }
    const sealed = await database.kysely.selectFrom("settings").select("value").where("name", "=", "sftp_host_keys")
      .executeTakeFirstOrThrow();
    assert.doesNotMatch(new TextDecoder("latin1").decode(sealed.value), /BEGIN|ssh-ed25519/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

async function keygen(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command("/usr/bin/ssh-keygen", { args, stdin: "null" }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}
