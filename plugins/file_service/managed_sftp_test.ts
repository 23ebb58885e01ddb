import assert from "node:assert/strict";
import { managedSftp } from "./managed_sftp.ts";

const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIK0wmN/Cr3JXqmLW7u+g9pTh+wyqDHpSQEIQczXkVx9q partner";
const LOGIN = { username: "partner", password: "Secret-1" };

/** The keys that are wrong; none where the configuration may be saved. */
function wrong(config: Readonly<Record<string, unknown>>): string[] {
  const { success, error } = managedSftp.config.safeParse(config);
  return success ? [] : [...new Set(error.issues.map(({ path }) => String(path[0])))];
}

Deno.test("usernames are 3 to 32 letters, digits, underscores and hyphens, and begin with no hyphen", () => {
  for (const username of ["abc", "A_1", "_x-", "0-0", "x".repeat(32)]) {
    assert.deepEqual(wrong({ ...LOGIN, username }), [], username);
  }
  for (const username of ["ab", "x".repeat(33), "-abc", "a.b", "a b c", "a/b", "äbc", "abc\n", ""]) {
    assert.deepEqual(wrong({ ...LOGIN, username }), ["username"], username);
  }
});

Deno.test("passwords have 8 to 32 characters, with uppercase, lowercase, digit and special character", () => {
  for (const password of ["Secret-1", "aA1 aA1 ", "Ä-aB3456", `Aa1-${"x".repeat(28)}`]) {
    assert.deepEqual(wrong({ ...LOGIN, password }), [], password);
  }
  const bad = ["Secre-1", `Aa1-${"x".repeat(29)}`, "secret-1", "SECRET-1", "Secret--", "Secret11", ""];
  for (const password of bad) assert.deepEqual(wrong({ ...LOGIN, password }), ["password"], password);
});

Deno.test("an account has a password, public keys, or both, and may ask for both", () => {
  const { username, password } = LOGIN;
  assert.deepEqual(wrong({ username }), ["password"]);
  assert.deepEqual(wrong({ username, password }), []);
  assert.deepEqual(wrong({ username, public_key: KEY }), []);
  assert.deepEqual(
    wrong({ username, password, public_key: `# two of them\n${KEY}\n\n${KEY}\n`, require_both: true }),
    [],
  );
  assert.deepEqual(wrong({ username, password, require_both: true }), ["require_both"]);
  assert.deepEqual(wrong({ username, public_key: KEY, require_both: true }), ["require_both"]);
  for (const public_key of ["partner", "-----BEGIN OPENSSH PRIVATE KEY-----", `${KEY}\nssh-ed25519 AAAA`]) {
    assert.deepEqual(wrong({ username, public_key }), ["public_key"], public_key);
  }
  const login = managedSftp.managedLogin?.(managedSftp.config.parse({ username, public_key: `${KEY}\n${KEY}` }));
  assert.deepEqual([login?.publicKeys.length, login?.password, login?.quota], [2, undefined, 100_000_000_000]);
});
