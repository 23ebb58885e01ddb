import assert from "node:assert/strict";
import type { AddressPolicy } from "../contracts/auth.ts";
import { Failure } from "../contracts/failure.ts";
import { isAllowedForm } from "./address/allowed.ts";
import {
  type AddressKind,
  classifyAddress,
  type DialledPort,
  refuseSpelledAddress,
  resolveAddresses,
} from "./address.ts";

const KINDS: Readonly<Record<AddressKind, readonly string[]>> = {
  public: [
    "8.8.8.8",
    "172.15.0.1",
    "172.32.0.1",
    "192.169.0.1",
    "2001:4860:4860::8888",
    "::ffff:8.8.8.8",
    "100.63.0.1",
    "134744072",
    "64:ff9b::808:808",
  ],
  private: [
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "192.0.0.8",
    "224.0.0.1",
    "255.255.255.255",
    "fd00::1",
    "fec0::1",
    "ff02::1",
    "::ffff:10.1.2.3",
    "64:ff9b:1::a9fe:a9fe",
  ],
  loopback: [
    "127.0.0.1",
    "127.9.9.9",
    "::1",
    "::",
    "0.0.0.0",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "64:ff9b::7f00:1",
  ],
  "link-local": ["169.254.0.1", "fe80::1", "fe80::1%eth0", "febf::1", "::ffff:169.254.1.1", "2002:a9fe:101::"],
  metadata: [
    "169.254.169.254",
    "100.100.100.200",
    "192.0.0.192",
    "168.63.129.16",
    "fd00:ec2::254",
    "fd20:ce::254",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
  ],
};

/** Sixty ways to write three addresses: this machine, a neighbour, and the metadata service of a cloud. */
const SPELLINGS: Readonly<Record<"loopback" | "private" | "metadata", readonly string[]>> = {
  loopback: [
    "127.0.0.1",
    "127.0.0.1.",
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f000001",
    "0X7F000001",
    "017700000001",
    "0177.0.0.1",
    "0177.0.0.01",
    "0x7f.0.0.1",
    "0x7f.1",
    "0x7f.0x1",
    "127.0x1",
    "000177.0.0.1",
    "0x000000007f.0.0.1",
    "127.0.0.0x1",
    "127.65537",
    "0",
    "0.0.0.0",
    "::1",
    "[::1]",
    "0:0:0:0:0:0:0:1",
    "0000:0000:0000:0000:0000:0000:0000:0001",
    "::1%lo",
    "::ffff:127.0.0.1",
    "[::ffff:7f00:1]",
    "::ffff:0:7f00:1",
    "::127.0.0.1",
    "64:ff9b::127.0.0.1",
    "2002:7f00:1::",
    "2001:0:1:2:3:4:80ff:fffe",
    "fd12::5efe:7f00:1",
    "１２７.０.０.１",
    "①②⑦.⓪.⓪.①",
    "127。0。0。1",
    " 127.0.0.1 ",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "db.localhost",
  ],
  private: ["10.0.0.5", "10.5", "167772165", "0xa000005", "012.0.0.5", "[::ffff:10.0.0.5]", "64:ff9b::a00:5"],
  metadata: [
    "169.254.169.254",
    "169.254.43518",
    "169.16689662",
    "2852039166",
    "0xa9fea9fe",
    "025177524776",
    "0251.0376.0251.0376",
    "0xa9.0xfe.0xa9.0xfe",
    "0xA9.254.0251.254.",
    "[::ffff:169.254.169.254]",
    "::ffff:a9fe:a9fe",
    "2002:a9fe:a9fe::1",
    "１６９.254.169.254",
  ],
};

/** Whether looking at the text alone refuses the host. */
function isRefused(host: string, policy: AddressPolicy, port: DialledPort = {}): boolean {
  try {
    refuseSpelledAddress(host, policy, port);
    return false;
  } catch (error) {
    assert.ok(error instanceof Failure && error.kind === "config" && error.hint, String(error));
    return true;
  }
}

Deno.test("an address is of the kind that its range has, however it is written", () => {
  for (const [kind, addresses] of Object.entries(KINDS)) {
    for (const address of addresses) assert.equal(classifyAddress(address), kind, address);
  }
  for (const name of ["example.com", "1.2.3.4.5", "256.0.0.1", "08.0.0.1", "127..1", "0x7g.1", "4294967296", ""]) {
    assert.throws(() => classifyAddress(name), Failure, name);
  }
});

Deno.test("sixty spellings of addresses that may not be dialled are refused, by their text and when they are dialled", async () => {
  const all = Object.entries(SPELLINGS).flatMap(([kind, hosts]) => hosts.map((host) => [kind, host] as const));
  assert.ok(all.length >= 60, String(all.length));
  assert.equal(new Set(all.map(([, host]) => host)).size, all.length);
  const tight = { allowPrivate: false };
  for (const [kind, host] of all) {
    assert.ok(isRefused(host, tight), host);
    await assert.rejects(resolveAddresses(host, tight), Failure, host);
    assert.equal(isRefused(host, { allowPrivate: true }), kind === "metadata", host);
  }
});

Deno.test("link-local and metadata addresses are refused under every policy, private ones where it says so", async () => {
  for (const policy of [{ allowPrivate: true }, { allowPrivate: false, allowHosts: ["0.0.0.0/0", "::/0"] }]) {
    for (const address of [...KINDS["link-local"], ...KINDS.metadata]) {
      await assert.rejects(
        resolveAddresses(address, policy),
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

Deno.test("hosts that the operator allows are dialled: by name, names below one, address and range", async () => {
  const takes = (allowed: string, host: string) => !isRefused(host, { allowPrivate: false, allowHosts: [allowed] });
  const cases: readonly [allowed: string, host: string, taken: boolean][] = [
    ["10.0.0.5", "10.0.0.5", true],
    ["10.0.0.5", "10.5", true],
    ["10.0.0.5", "10.0.0.6", false],
    ["10.1.0.0/16", "10.1.200.3", true],
    ["10.1.0.0/16", "10.2.0.0", false],
    ["10.0.0.0/9", "10.127.0.1", true],
    ["10.0.0.0/9", "10.128.0.1", false],
    ["fd00:1::/32", "fd00:1:2::3", true],
    ["fd00:1::/32", "fd00:2::3", false],
    ["127.0.0.0/8", "localhost", true],
    ["LocalHost", "localhost.", true],
    ["*.localhost", "db.localhost", true],
    ["*.localhost", "localhost", false],
  ];
  for (const [allowed, host, taken] of cases) assert.equal(takes(allowed, host), taken, `${allowed} ${host}`);
  const policy = { allowPrivate: false, allowHosts: ["localhost"] };
  assert.ok((await resolveAddresses("localhost", policy)).length > 0);
  for (const form of ["sftp.internal", "*.internal", "10.0.0.0/8", "::1", "my_host"]) {
    assert.ok(isAllowedForm(form), form);
  }
  for (const form of ["10.0.0.0/33", "a b", "http://x", "*", "x/8", "::/129", "10.0.0.0/8/8"]) {
    assert.ok(!isAllowedForm(form), form);
  }
});

Deno.test("where Waybill's own server listens may be dialled: that port of that address, and nothing else there", async () => {
  const own = [{ host: "127.0.0.1", port: 2022 }];
  const takes = (host: string, port: number | undefined, servers = own) =>
    !isRefused(host, { allowPrivate: false, own: servers }, port === undefined ? {} : { port });
  const cases: readonly [host: string, port: number | undefined, taken: boolean][] = [
    ["127.0.0.1", 2022, true],
    ["127.1", 2022, true],
    ["localhost", 2022, true],
    ["127.0.0.1", 22, false],
    ["127.0.0.1", undefined, false],
    ["127.0.0.2", 2022, false],
    ["::1", 2022, false],
    ["10.0.0.5", 2022, false],
    ["169.254.169.254", 2022, false],
  ];
  for (const [host, port, taken] of cases) assert.equal(takes(host, port), taken, `${host} ${port}`);
  const everywhere = [{ host: "0.0.0.0", port: 2022 }];
  assert.ok(takes("127.0.0.1", 2022, everywhere));
  assert.ok(!takes("127.0.0.1", 2023, everywhere));
  assert.ok(!takes("::1", 2022, everywhere), "it listens on IPv4 alone");
  assert.ok(!takes("10.255.255.254", 2022, everywhere), "no address of this machine");
  const policy = { allowPrivate: false, own };
  assert.deepEqual(await resolveAddresses("localhost", policy, { port: 2022 }), ["127.0.0.1"]);
  await assert.rejects(resolveAddresses("localhost", policy, { port: 22 }), Failure);
});

Deno.test("a name is judged by what it resolves to when it is dialled, and not before", async () => {
  assert.ok(!isRefused("sftp.example.com", { allowPrivate: false }));
  await assert.rejects(resolveAddresses("localhost", { allowPrivate: false }), Failure);
  await assert.rejects(
    resolveAddresses("nowhere.invalid", { allowPrivate: true }),
    (error) => error instanceof Failure && /does not exist|could not be looked up/.test(error.message),
  );
});
