/**
 * GnuPG with a key of its own.
 *
 * @module
 */

/** A folder of GnuPG's in which there is one key without a passphrase. */
export interface GnuPg extends AsyncDisposable {
  /** File with the private key, armored. */
  readonly keyFile: string;
  /** The program with the options that every call takes. */
  readonly command: readonly string[];
  /** Options by which it encrypts to the key. */
  readonly recipient: readonly string[];
  /** Encrypts a file to the key as GnuPG does unless told otherwise, but for `options`. */
  encrypt(plain: string, encrypted: string, ...options: readonly string[]): Promise<void>;
}

/** Makes the key below `folder`. */
export async function openGnuPg(folder: string): Promise<GnuPg> {
  const home = `${folder}/gnupg`;
  await Deno.mkdir(home, { mode: 0o700 });
  const keyFile = `${folder}/key.asc`;
  const command = ["/usr/bin/gpg", "--homedir", home, "--batch", "--yes", "--quiet", "--pinentry-mode", "loopback"];
  const run = async (...args: readonly string[]) => {
    const { success, stderr } = await new Deno.Command(command[0]!, { args: [...command.slice(1), ...args] }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
  };
  await run("--passphrase", "", "--quick-gen-key", "bench@test.invalid", "rsa3072", "cert,sign,encr", "never");
  await run("--armor", "--output", keyFile, "--export-secret-keys");
  const recipient = ["--recipient", "bench@test.invalid", "--trust-model", "always", "--no-auto-key-locate"];
  return {
    keyFile,
    command,
    recipient,
    encrypt: (plain, encrypted, ...options) => run(...options, ...recipient, "--output", encrypted, "--encrypt", plain),
    async [Symbol.asyncDispose]() {
      await new Deno.Command("/usr/bin/gpgconf", { args: ["--homedir", home, "--kill", "all"] }).output();
    },
  };
}
