import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import fc from "fast-check";
import { onEachDatabase } from "../../testing/each_database_testing.ts";
import { failure, makeFolder, startEngine } from "../engine_testing.ts";
import { openHome } from "../home.ts";
import { Processes } from "../processes.ts";
import { Links } from "./links.ts";
import { makeArtifact } from "./make_artifact.ts";
import { linkBase } from "./public_url.ts";
import { isSigned, type LinkClaims, linkPath, signatureOf } from "./signature.ts";

const KEY = Uint8Array.from({ length: 32 }, (_, index) => index);
const CLAIMS: LinkClaims = { account: "a", artifact: "b", name: "c.csv", expires: "1800000000" };

Deno.test("a signature is the HMAC-SHA-256 of version, account, artifact, name and end", () => {
  const signed = '["v1","a","b","c.csv","1800000000"]';
  assert.equal(signatureOf(KEY, CLAIMS), `v1.${createHmac("sha256", KEY).update(signed).digest("base64url")}`);
  assert.ok(isSigned(KEY, CLAIMS, signatureOf(KEY, CLAIMS)));
});

Deno.test("a signature holds for its claims and key alone, written in its one way", () => {
  const text = fc.string({ maxLength: 5 });
  const claims = fc.record({ account: text, artifact: text, name: text, expires: text });
  fc.assert(fc.property(claims, claims, (one, other) => {
    const same = JSON.stringify(Object.values(one)) === JSON.stringify(Object.values(other));
    return isSigned(KEY, other, signatureOf(KEY, one)) === same &&
      !isSigned(KEY.toReversed(), one, signatureOf(KEY, one));
  }));
  const signature = signatureOf(KEY, CLAIMS);
  // The last character has two bits that the bytes do not.
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  for (const last of alphabet) {
    const other = signature.slice(0, -1) + last;
    assert.equal(isSigned(KEY, CLAIMS, other), other === signature);
  }
  for (const other of ["", "v1.", `${signature}=`, ` ${signature}`, signature.toUpperCase(), "é".repeat(23)]) {
    assert.ok(!isSigned(KEY, CLAIMS, other), other);
  }
});

Deno.test("a name stands percent-encoded in its link", () => {
  const path = linkPath(KEY, { ...CLAIMS, name: "Zürich & co?.csv" });
  assert.match(path, /^\/files\/a\/b\/Z%C3%BCrich%20%26%20co%3F\.csv\?expires=1800000000&signature=v1\.[\w-]{43}$/);
});

onEachDatabase("a link may end before its artifact does, and never after it", async (databases) => {
  await using engine = await startEngine(databases);
  await using folder = await makeFolder();
  const { context } = engine;
  const core = { home: await openHome(folder.path), database: context.database, vault: context.vault };
  let now = 1_000_000;
  const links = new Links(core, () => Promise.resolve(now));
  const input = { kind: "rejects", run: null, name: "a", mediaType: "text/csv", lifetime: 100_000 } as const;
  const content = ReadableStream.from([new TextEncoder().encode("abc")]);
  const artifact = await makeArtifact(core, context, input, content, () => Promise.resolve(now));
  const account = context.account.publicId;
  const opens = async (path: string) => {
    const { pathname, searchParams } = new URL(path, "http://waybill.test");
    const [, , account = "", artifact = "", name = ""] = pathname.split("/");
    const file = await links.open({
      account,
      artifact,
      name,
      expires: searchParams.get("expires") ?? "",
      signature: searchParams.get("signature") ?? "",
    });
    return file !== undefined;
  };
  const [short, whole, long] = [
    await links.path(account, artifact, now + 10_000),
    await links.path(account, artifact),
    await links.path(account, artifact, now + 1_000_000),
  ];
  assert.equal(long, whole);
  assert.deepEqual([await opens(short), await opens(whole)], [true, true]);
  now += 10_000;
  assert.deepEqual([await opens(short), await opens(whole)], [false, true]);
  now += 90_000;
  assert.deepEqual([await opens(short), await opens(whole)], [false, false]);
  // Nothing is looked up that was not signed here.
  const blind = new Links({ ...core, database: undefined as never }, () => Promise.reject(new Error("Looked")));
  const guess = { account, artifact: artifact.id, name: "a", expires: "9999999999", signature: "v1.x" };
  assert.equal(await blind.open(guess), undefined);
});

onEachDatabase("without WAYBILL_PUBLIC_URL links begin with where a server listens", async (databases) => {
  await using engine = await startEngine(databases);
  await using folder = await makeFolder();
  const core = { home: await openHome(folder.path), database: engine.context.database };
  const none = await linkBase(core);
  assert.equal(none.url, "http://127.0.0.1:8080");
  assert.match(none.notes.join(), /No server works on this data directory/);
  await using server = await Processes.join(core.database, core.home.processesDir, "serve");
  await server.listensAt("http://127.0.0.1:4321");
  assert.equal((await linkBase(core)).url, "http://127.0.0.1:4321");
  assert.deepEqual(await linkBase(core, "https://asked.example"), { url: "https://asked.example", notes: [] });
  try {
    Deno.env.set("WAYBILL_PUBLIC_URL", "https://public.example/");
    assert.deepEqual(await linkBase(core, "https://asked.example"), { url: "https://public.example", notes: [] });
    Deno.env.set("WAYBILL_PUBLIC_URL", "public.example");
    await assert.rejects(linkBase(core), failure("config", /^WAYBILL_PUBLIC_URL is not an address/));
  } finally {
    Deno.env.delete("WAYBILL_PUBLIC_URL");
  }
});
