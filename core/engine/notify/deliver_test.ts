import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { collectLog } from "../../testing/collect_log.ts";
import { onEachDatabase, type TestDatabases } from "../../testing/each_database_testing.ts";
import { failure } from "../engine_testing.ts";
import { startSmtp, variables } from "../mail/smtp_testing.ts";
import { type Continuous, startContinuous } from "../schedule/continuous_testing.ts";
import { Scheduler } from "../schedule/scheduler.ts";
import { deliver } from "./deliver.ts";
import { postWebhook } from "./webhook.ts";

/** A receiver of webhooks. */
function receiver(answer: () => Response = () => new Response("thanks")) {
  const got: { readonly headers: Headers; readonly text: string }[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    got.push({ headers: request.headers, text: await request.text() });
    return answer();
  });
  return {
    got,
    url: `http://127.0.0.1:${server.addr.port}/hook?key=1`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** An account that wants to be told, and a job of which there is something to tell. */
async function failedJob(databases: TestDatabases, settings: Record<string, string>): Promise<Continuous> {
  const engine = await startContinuous(databases);
  await engine.account.update({ settings });
  await engine.make("nightly", { time_of_day: "06:00" });
  await engine.attendAt("2026-01-11T06:00:00Z");
  await engine.end({ failure: { kind: "auth", message: "The login is refused", hint: "Change the password" } });
  return engine;
}

onEachDatabase("notices go out by mail and webhook, with what happened and what to do", async (databases) => {
  await using mail = await startSmtp();
  await using hook = receiver();
  using _set = variables({
    WAYBILL_SMTP_URL: `smtp://127.0.0.1:${mail.port}?from=waybill@example.com`,
    WAYBILL_WEBHOOK_SECRET: "secret",
  });
  await using engine = await failedJob(databases, {
    notify_email: "ops@example.com,boss@example.com",
    notify_webhook: hook.url,
  });
  const { log } = collectLog();
  assert.equal(await deliver(engine.database, log), 2);
  assert.deepEqual(await engine.notices(), []);
  assert.equal(await deliver(engine.database, log), 0);
  const [run] = await engine.runs();
  const [sent, ...more] = mail.mails;
  assert.deepEqual([sent?.to, more], [["ops@example.com", "boss@example.com"], []]);
  assert.match(sent?.raw ?? "", /^From: waybill@example\.com/m);
  assert.match(sent?.raw ?? "", /^Subject: .*Waybill/m);
  assert.match(sent?.raw ?? "", /What to do: Change the password/);
  assert.match(sent?.raw ?? "", new RegExp(`run +${run?.id}`));
  const [posted] = hook.got;
  const { id, ...body } = JSON.parse(posted?.text ?? "");
  assert.match(id, /^[0-9a-f]{32}$/);
  assert.deepEqual(body, {
    event: "run_failed",
    account: "default",
    job: "nightly",
    job_id: run?.job_id,
    run: run?.id,
    message: 'A run of job "nightly" failed: The login is refused',
    hint: "Change the password",
    at: "2026-01-11T06:00:00.000Z",
  });
  const mac = createHmac("sha256", "secret").update(posted?.text ?? "").digest("hex");
  assert.equal(posted?.headers.get("x-waybill-signature"), `sha256=${mac}`);
});

onEachDatabase(
  "what cannot be delivered is tried again, later and later, and given up after three days",
  async (databases) => {
    let refuses = true;
    await using mail = await startSmtp({ answer: (to) => to === "mail" && refuses ? "451 Not now" : undefined });
    using _set = variables({ WAYBILL_SMTP_URL: `smtp://127.0.0.1:${mail.port}` });
    await using engine = await failedJob(databases, { notify_email: "ops@example.com" });
    const { log, lines } = collectLog();
    const deliverAt = async (time: string) => {
      engine.setClock(time);
      return await deliver(engine.database, log);
    };
    assert.equal(await deliverAt("2026-01-11T06:00:00Z"), 0);
    assert.match(
      lines.at(-1)?.message ?? "",
      /tried again in 15 s: The mail server does not take the mail now: 451 Not now/,
    );
    assert.equal(await deliverAt("2026-01-11T06:00:14Z"), 0);
    assert.equal(lines.length, 1);
    assert.equal(await deliverAt("2026-01-11T06:00:15Z"), 0);
    assert.match(lines.at(-1)?.message ?? "", /tried again in 60 s/);
    refuses = false;
    assert.equal(await deliverAt("2026-01-11T06:01:15Z"), 1);
    assert.equal(mail.mails.length, 1);
    refuses = true;
    await engine.attendAt("2026-01-12T06:00:00Z");
    await engine.end({ failure: {} });
    assert.equal(await deliverAt("2026-01-15T06:00:00Z"), 0);
    assert.match(lines.at(-1)?.message ?? "", /given up/);
    assert.deepEqual(await engine.notices(), []);
  },
);

onEachDatabase("a notice that a process took and did not deliver is delivered by another", async (databases) => {
  await using hook = receiver();
  await using engine = await failedJob(databases, { notify_webhook: hook.url });
  const { log } = collectLog();
  // As a process leaves it that dies after it took the notice.
  const now = Date.parse("2026-01-11T06:00:00Z");
  await engine.database.kysely.updateTable("notices").set({ attempts: 1, not_before: now + 120_000 }).execute();
  assert.equal(await deliver(engine.database, log), 0);
  engine.setClock("2026-01-11T06:02:00Z");
  const delivered = await Promise.all([1, 2, 3].map(() => deliver(engine.database, log)));
  assert.equal(delivered.reduce((sum, count) => sum + count), 1);
  assert.equal(hook.got.length, 1);
});

onEachDatabase(
  "a scheduler queues what is due and delivers what is to be told, until it is disposed of",
  async (databases) => {
    const told = Promise.withResolvers<void>();
    await using hook = receiver(() => {
      told.resolve();
      return new Response(null, { status: 204 });
    });
    await using engine = await failedJob(databases, { notify_webhook: hook.url });
    engine.setClock("2026-01-12T06:00:00Z");
    const { log, lines } = collectLog();
    {
      await using _scheduler = new Scheduler({ database: engine.database, log, poll: 5 });
      await told.promise;
      while ((await engine.runs()).length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    assert(lines.some(({ message }) => message === "A job is due: its run is queued"));
    assert.deepEqual(await engine.notices(), []);
  },
);

Deno.test("webhooks do not reach metadata services, follow no redirect, and tell what is wrong", async () => {
  for (const host of ["169.254.169.254", "[fd00:ec2::254]", "[fe80::1]", "0xa9fea9fe", "[::ffff:169.254.169.254]"]) {
    await assert.rejects(postWebhook(`http://${host}/latest`, {}), failure("config", /which may not be dialled/));
  }
  await using hook = receiver(() => Response.redirect("http://169.254.169.254/", 307));
  await assert.rejects(postWebhook(hook.url, {}), failure("transient", /answers 307/));
  await assert.rejects(
    postWebhook("http://127.0.0.1:1/", {}),
    failure("transient", /"127\.0\.0\.1:1" does not answer/),
  );
});
