import assert from "node:assert/strict";
import { Failure } from "../contracts/failure.ts";
import { type AddressKind, classifyAddress, resolveAddresses } from "./address.ts";

const KINDS: Readonly<Record<AddressKind, readonly string[]>> = {
  public: [
    "8.8.8.8",
    "172.15.0.1",
    "172.32.0.1",
    "192.169.0.1",
    "2001:4860:4860::8888",
    "::ffff:8.8.8.8",
    "100.63.0.1",
  ],
  private: ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "fd00::1", "::ffff:10.1.2.3"],
  loopback: ["127.0.0.1", "127.9.9.9", "::1", "::", "0.0.0.0", "::ffff:127.0.0.1", "::ffff:7f00:1", "64:ff9b::7f00:1"],
  "link-local": ["169.254.0.1", "fe80::1", "fe80::1%eth0", "febf::1", "::ffff:169.254.1.1", "2002:a9fe:101::"],
  metadata: ["169.254.169.254", "100.100.100.200", "fd00:ec2::254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe"],
};

Deno.test("an address is of the kind that its range has, however it is written", () => {
  for (const [kind, addresses] of Object.entries(KINDS)) {
    for (const address of addresses) assert.equal(classifyAddress(address), kind, address);
  }
  assert.throws(() => classifyAddress("example.com"), Failure);
});

Deno.test("link-local and metadata addresses are refused under every policy, private ones where it says so", async () => {
  for (const allowPrivate of [true, false]) {
    for (const address of [...KINDS["link-local"], ...KINDS.metadata]) {
      await assert.rejects(
        resolveAddresses(address, { allowPrivate }),
        (error) => error instanceof Failure && error.kind === "config" && /may not be dialled/.test(error.message),
        address,
      );
    }
  }
  for (const address of [...KINDS.private, ...KINDS.loopback]) {
    assert.deepEqual(await resolveAddresses(address, { allowPrivate: true }), [address]);
    await assert.rejects(resolveAddresses(address, { allowPrivate: false }), Failure, address);
  }
  assert.deepEqual(await resolveAddresses("[::1]", { allowPrivate: true }), ["::1"]);
});

Deno.test("a name is judged by what it resolves to, also one that spells an address in other digits", async () => {
  for (const host of ["localhost", "2130706433", "0x7f.1"]) {
    await assert.rejects(resolveAddresses(host, { allowPrivate: false }), Failure, host);
  }
  await assert.rejects(resolveAddresses("2852039166", { allowPrivate: true }), Failure);
});
