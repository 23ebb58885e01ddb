import assert from "node:assert/strict";
import { z } from "zod";
import { memorySpool } from "../codecs/spool_memory.ts";
import { type AuthDefinition, defineAuth } from "../contracts/auth.ts";
import { defineJob } from "../contracts/job.ts";
import { definePlugin, type PluginDefinition } from "../contracts/plugin.ts";
import { defineProvider } from "../contracts/provider.ts";
import { onEachDatabase } from "../testing/each_database_testing.ts";
import { auditLogOf } from "./audit_log.ts";
import { authsOf } from "./auths.ts";
import { Connections } from "./connections.ts";
import { type EnginePeer, failure, startEngine } from "./engine_testing.ts";
import { jobsOf } from "./jobs.ts";
import { startSmtp, variables } from "./mail/smtp_testing.ts";
import { buildRegistry } from "./registry.ts";
import { resolveRun } from "./resolve_run.ts";
import { makeStandardAuth } from "./standard_auth.ts";

/** A plugin whose job type works with a standard auth method that sends mail, and with another. */
function letters(standard: Partial<AuthDefinition> = {}): PluginDefinition {
  const post = defineAuth({
    id: "post",
    title: "Post",
    summary: "Sends mail.",
    sendsMail: true,
    standard: true,
    config: z.object({ name: z.string().optional() }),
    connect: async ({ mailer }) => ({ mailer, [Symbol.asyncDispose]: async () => {} }),
    check: async function* (_, { signal, mailer }) {
      const { user = "nobody" } = await mailer!.check(signal);
      yield { name: "mail server", ok: true, detail: `Logged in as ${user}` };
    },
  });
  const pigeon = defineAuth({ ...post, id: "pigeon", sendsMail: false, standard: false });
  const provider = defineProvider({
    id: "letters",
    title: "Letters",
    summary: "Writes letters.",
    auths: [{ ...post, ...standard }, pigeon],
  });
  const job = defineJob({
    id: "letter",
    title: "Letter",
    summary: "Writes a letter.",
    provider,
    direction: "import",
    auths: [post, pigeon],
    config: z.object({}),
    checkpoint: z.object({}),
    into: () => ({ stream: "s", identifyBy: [] }),
    plan: async () => ({ summary: "Would write", facts: {}, notes: [] }),
    run: async () => {},
  });
  return definePlugin({ name: "letters", version: "1.0.0", api: 1, providers: [provider], jobs: [job] });
}

function withLetters(engine: EnginePeer) {
  const context = { ...engine.context, registry: buildRegistry([letters()]) };
  const connections = new Connections(context);
  return {
    context,
    auths: authsOf(context, async () => engine.alive),
    jobs: jobsOf(context, connections, memorySpool()),
    [Symbol.asyncDispose]: () => connections[Symbol.asyncDispose](),
  };
}

const SERVER = { WAYBILL_SMTP_URL: "smtp://127.0.0.1:1" };

onEachDatabase(
  "a job whose auth nobody has to save gets one, once, which is listed and written down",
  async (databases) => {
    using _set = variables(SERVER);
    await using engine = await startEngine(databases);
    await using peer = withLetters(engine);
    await peer.jobs.plan({ type: "letter", config: {} });
    const [{ id, label, method, config } = assert.fail()] = await peer.auths.list();
    assert.deepEqual([label, method, config], ["post", "post", {}]);
    const jobs = await Promise.all(
      [1, 2, 3].map((n) => peer.jobs.create({ type: "letter", label: `l${n}`, config: {} })),
    );
    assert.deepEqual(jobs.map(({ auth_id }) => auth_id), [id, id, id]);
    assert.equal((await resolveRun(peer.context, { type: "letter", config: {} })).authId, id);
    assert.equal((await peer.auths.list()).length, 1);
    const { items } = await auditLogOf(peer.context).list();
    const made = items.filter(({ kind }) => kind === "auth").map((entry) => [entry.action, entry.id, entry.label]);
    assert.deepEqual(made, [["create", id, "post"]]);
    // Deleted it is gone as any other, and made anew when a job needs one.
    await peer.auths.delete("post");
    await assert.rejects(
      resolveRun(peer.context, { job: "l1" }),
      failure("config", /is paused|was deleted/, { code: "conflict" }),
    );
    const again = await peer.jobs.create({ type: "letter", label: "l4", config: {} });
    assert.notEqual(again.auth_id, id);
  },
);

onEachDatabase(
  "whoever saved an auth that fits gets no other beside it, and a taken label is numbered",
  async (databases) => {
    using _set = variables(SERVER);
    await using engine = await startEngine(databases);
    await using peer = withLetters(engine);
    const own = await peer.auths.create({ method: "pigeon", label: "post", config: {} });
    const job = await peer.jobs.create({ type: "letter", label: "own", config: {} });
    assert.equal(job.auth_id, own.id);
    const letter = peer.context.registry.auth("post").auth;
    const { label } = await makeStandardAuth(peer.context, engine.context.database.kysely, letter);
    assert.equal(label, "post-2");
  },
);

onEachDatabase(
  "a job whose auth sends mail is neither saved nor started where no mail server is set",
  async (databases) => {
    await using engine = await startEngine(databases);
    await using peer = withLetters(engine);
    {
      using _set = variables({ WAYBILL_SMTP_URL: "" });
      const refused = failure("config", /No mail server is named/, { hint: /Set WAYBILL_SMTP_URL, such as/ });
      await assert.rejects(peer.jobs.create({ type: "letter", label: "weekly", config: {} }), refused);
      await assert.rejects(resolveRun(peer.context, { type: "letter", config: {} }), refused);
      await assert.rejects(peer.jobs.plan({ type: "letter", config: {} }), refused);
      await peer.auths.create({ method: "pigeon", label: "bird", config: {} });
      await peer.jobs.create({ type: "letter", label: "by-bird", auth: "bird", config: {} });
    }
    using _set = variables({ WAYBILL_SMTP_URL: "smtp://mail.example.com?tls=maybe" });
    await assert.rejects(
      peer.jobs.create({ type: "letter", label: "weekly", auth: "post", config: {} }),
      failure("config", /WAYBILL_SMTP_URL has a tls that there is not/),
    );
  },
);

onEachDatabase("an auth method that sends mail gets what sends it", async (databases) => {
  await using server = await startSmtp();
  using _set = variables({ WAYBILL_SMTP_URL: `smtp://127.0.0.1:${server.port}` });
  await using engine = await startEngine(databases);
  await using peer = withLetters(engine);
  await peer.auths.create({ method: "post", label: "mine", config: {} });
  const results = await Array.fromAsync(peer.auths.check("mine"));
  assert.deepEqual(results, [{ name: "mail server", ok: true, detail: "Logged in as nobody" }]);
  assert.deepEqual([server.connections(), server.mails], [1, []]);
});

Deno.test("a standard auth method needs nothing configured", () => {
  const plugin = letters({ config: z.object({ name: z.string() }) });
  assert.throws(
    () => buildRegistry([plugin]),
    failure("config", /auth method "post" is a standard one, so its config must have nothing that must be given/),
  );
});
