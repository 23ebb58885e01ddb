import assert from "node:assert/strict";
import { type AuthContext, Failure } from "@waybill/waybill";
import { collectLog, type LogLine } from "@waybill/waybill/testing";
import { type HostKeyConfig, hostKeyGuard } from "./host_key.ts";

const OLD = `SHA256:${"o".repeat(43)}`;
const NEW = `SHA256:${"n".repeat(43)}`;

interface Setting {
  readonly context: AuthContext<HostKeyConfig>;
  readonly pins: string[];
  readonly lines: readonly LogLine[];
}

function setting(known?: string, host_key?: string, label = "partner"): Setting {
  const { log, lines } = collectLog();
  const pins: string[] = [];
  const context: AuthContext<HostKeyConfig> = {
    label,
    config: { host: "sftp.example.com", port: 22, host_key },
    peer: {
      known,
      pin: (fingerprint) => {
        pins.push(fingerprint);
        return Promise.resolve();
      },
    },
    addresses: { allowPrivate: true },
    signal: new AbortController().signal,
    log,
  };
  return { context, pins, lines };
}

async function refusal(work: Promise<unknown>): Promise<Failure> {
  const error = await work.then(() => undefined, (error) => error);
  assert.ok(error instanceof Failure, `expected a Failure, got ${error}`);
  return error;
}

Deno.test("the first key seen is pinned once the login has worked, and its fingerprint logged", async () => {
  const { context, pins, lines } = setting();
  const guard = hostKeyGuard(context);
  assert.equal(await guard.verify(NEW, "ssh-ed25519"), true);
  assert.equal(await guard.verify(NEW, "ssh-ed25519"), true);
  assert.deepEqual([pins, lines], [[], []]);
  await guard.pin();
  assert.deepEqual(pins, [NEW]);
  assert.deepEqual(lines.map(({ message }) => message), [
    `Host key of "sftp.example.com:22" is trusted from now on: ${NEW} (ssh-ed25519)`,
  ]);
  assert.equal(guard.accepted?.why, "pinned now, at first use");
});

Deno.test("a key other than the pinned one is refused, and the refusal names both and the command", async () => {
  const { context, pins } = setting(OLD);
  const failure = await refusal(hostKeyGuard(context).verify(NEW, "ssh-ed25519"));
  assert.equal(failure.kind, "auth");
  assert.equal(
    failure.message,
    `The host key of "sftp.example.com:22" changed: expected ${OLD}, got ${NEW} (ssh-ed25519)`,
  );
  assert.match(failure.hint ?? "", /`waybill auth trust-host-key partner`/);
  assert.deepEqual(pins, []);

  const spaced = await refusal(hostKeyGuard(setting(OLD, undefined, "Ann's shop").context).verify(NEW, "ssh-ed25519"));
  assert.match(spaced.hint ?? "", /`waybill auth trust-host-key 'Ann'\\''s shop'`/);
});

Deno.test("the pinned key is accepted and not pinned again", async () => {
  const { context, pins } = setting(OLD);
  const guard = hostKeyGuard(context);
  assert.equal(await guard.verify(OLD, "ssh-ed25519"), true);
  await guard.pin();
  assert.equal(guard.accepted?.why, "as pinned");
  assert.deepEqual(pins, []);
});

Deno.test("a connection made again is held to the key of the first", async () => {
  const { context, pins } = setting();
  const guard = hostKeyGuard(context);
  await guard.verify(OLD, "ssh-ed25519");
  await guard.pin();
  const failure = await refusal(guard.verify(NEW, "ssh-ed25519"));
  assert.match(failure.message, /changed/);
  assert.deepEqual(pins, [OLD]);
});

Deno.test("a fingerprint given up front decides at first use, with or without padding", async () => {
  const { context, pins } = setting(undefined, `${OLD}=`);
  const guard = hostKeyGuard(context);
  assert.equal(await guard.verify(OLD, "ssh-ed25519"), true);
  await guard.pin();
  assert.equal(guard.accepted?.why, "as given up front");
  assert.deepEqual(pins, [OLD]);

  const other = setting(undefined, OLD);
  const failure = await refusal(hostKeyGuard(other.context).verify(NEW, "ssh-rsa"));
  assert.equal(failure.kind, "auth");
  assert.match(failure.message, new RegExp(`expected ${OLD}, got ${NEW}`));
  assert.match(failure.hint ?? "", /update `host_key`/);
  assert.deepEqual(other.pins, []);
});

Deno.test("a fingerprint given up front outranks the pinned key, and what it lets in is pinned instead", async () => {
  const { context, pins, lines } = setting(OLD, NEW);
  const guard = hostKeyGuard(context);
  assert.equal(await guard.verify(NEW, "ssh-ed25519"), true);
  assert.equal(await guard.verify(NEW, "ssh-ed25519"), true);
  await guard.pin();
  assert.equal(guard.accepted?.why, "as given up front");
  assert.deepEqual(pins, [NEW]);
  assert.equal(lines.length, 1);

  const other = setting(OLD, NEW);
  const failure = await refusal(hostKeyGuard(other.context).verify(OLD, "ssh-ed25519"));
  assert.match(failure.message, new RegExp(`not the one given up front: expected ${NEW}, got ${OLD}`));
  assert.deepEqual(other.pins, []);
});

Deno.test("a key that is both given up front and pinned is not pinned again", async () => {
  const { context, pins } = setting(OLD, OLD);
  const guard = hostKeyGuard(context);
  assert.equal(await guard.verify(OLD, "ssh-ed25519"), true);
  await guard.pin();
  assert.equal(guard.accepted?.why, "as given up front");
  assert.deepEqual(pins, []);
});
