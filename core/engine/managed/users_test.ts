import assert from "node:assert/strict";
import { onEachDatabase } from "../../testing/each_database_testing.ts";
import { loginOf, startManaged } from "./managed_testing.ts";
import { managedLogins } from "./managed_logins.ts";
import { hashPassword, isPassword } from "./password.ts";
import { hashedLogin, removeUser, saveUser } from "./users.ts";

onEachDatabase("a username is one over all accounts, and free again once its auth is gone", async (databases) => {
  await using peer = await startManaged(databases);
  const { database } = peer;
  const save = async (account: number, auth: string, username: string) => {
    const login = await hashedLogin(loginOf({ username }));
    await database.write((transaction) => saveUser(transaction, { account, auth }, login, Date.now()));
  };
  await assert.rejects(save(1, "other", "partner"), { code: "conflict", message: /"partner" is taken/ });
  await assert.rejects(save(2, "auth", "partner"), { code: "conflict" });
  await save(2, "theirs", "Partner");
  const tree = async () => (await managedLogins(database).find("partner"))?.tree;
  const before = await tree();
  await database.write((transaction) => removeUser(transaction, { account: 1, auth: "auth" }));
  assert.equal(await tree(), undefined);
  await save(2, "stranger", "partner");
  assert.notEqual(await tree(), before);
  await database.write((transaction) => removeUser(transaction, { account: 2, auth: "stranger" }));
  await save(1, "anew", "partner");
  assert.equal(await tree(), before);
});

onEachDatabase("a changed account has another revision, and its files; another name has others", async (databases) => {
  await using peer = await startManaged(databases);
  const logins = managedLogins(peer.database);
  const first = await logins.find("partner");
  assert.deepEqual(await logins.revisions(["partner", "nobody"]), new Map([["partner", first?.revision]]));
  const change = async (login: Parameters<typeof loginOf>[0]) => {
    const hashed = await hashedLogin(loginOf(login));
    await peer.database.write((transaction) =>
      saveUser(transaction, { account: 1, auth: "auth" }, hashed, first?.revision ?? 0)
    );
  };
  await change({ password: "Other-12" });
  const second = await logins.find("partner");
  assert.ok((second?.revision ?? 0) > (first?.revision ?? 0));
  assert.equal(second?.tree, first?.tree);
  assert.equal(await logins.checkPassword(first, "Secret-1"), true);
  assert.equal(await logins.checkPassword(second, "Secret-1"), false);
  assert.equal(await logins.checkPassword(second, "Other-12"), true);
  await change({ username: "renamed" });
  assert.equal(await logins.find("partner"), undefined);
  assert.notEqual((await logins.find("renamed"))?.tree, first?.tree);
});

onEachDatabase("nobody logs in by a password without having one", async (databases) => {
  await using peer = await startManaged(databases, { password: undefined, publicKeys: ["ssh-ed25519 AAAA"] });
  const logins = managedLogins(peer.database);
  const user = await logins.find("partner");
  assert.equal(user?.hasPassword, false);
  for (const password of ["", "null", "Secret-1"]) {
    assert.equal(await logins.checkPassword(user, password), false);
    assert.equal(await logins.checkPassword(undefined, password), false);
  }
});

Deno.test("a password's hash holds none of it, and differs each time", async () => {
  const [one, other] = [await hashPassword("Secret-1"), await hashPassword("Secret-1")];
  assert.notEqual(one, other);
  assert.doesNotMatch(one, /Secret/);
  assert.equal(await isPassword("Secret-1", one), true);
  assert.equal(await isPassword("Secret-2", one), false);
  assert.equal(await isPassword("Se\u0301cret-1", await hashPassword("S\u00e9cret-1")), true);
});
