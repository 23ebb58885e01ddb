import assert from "node:assert/strict";
import { requirePeer } from "../../testing/peer.ts";
import { failure } from "../engine_testing.ts";
import { startAiosmtpd } from "./aiosmtpd_testing.ts";
import { mailInChild } from "./mail_child_testing.ts";
import { openMailer } from "./mailer.ts";
import { makeCertificate, readMail, type SmtpBehaviour, startSmtp, variables } from "./smtp_testing.ts";

const LOGIN = { user: "ops", password: "p w@hunter22" };
const CREDENTIALS = "ops:p%20w%40hunter22";
const MAIL = {
  id: "run-1",
  to: ["ann@example.com"],
  subject: "Your file",
  text: "The link\n",
  html: "<p>The link</p>",
};

/** The text of a failure, all of it. */
function everything(error: unknown): string {
  return `${Deno.inspect(error)}\n${JSON.stringify(error)}`;
}

/** What sending a mail to a server that behaves so throws. */
async function thrownBy(behaviour: SmtpBehaviour, credentials = "", mail = MAIL): Promise<unknown> {
  await using server = await startSmtp(behaviour);
  using _set = variables({ WAYBILL_SMTP_URL: `smtp://${credentials}127.0.0.1:${server.port}` });
  const thrown = await openMailer().send(mail).then(() => undefined, (error: unknown) => error);
  assert.deepEqual(server.mails, []);
  return thrown;
}

Deno.test("a mail is text and HTML, from whom it says, and its Message-ID is the one it was given", async () => {
  await using server = await startSmtp();
  using _set = variables({ WAYBILL_SMTP_URL: `smtp://127.0.0.1:${server.port}?from=waybill@example.com` });
  const mailer = openMailer();
  assert.deepEqual(await mailer.send(MAIL), { refused: [] });
  const from = { name: "Grüße, Inc. <x@y>", address: "news@Bücher.example" };
  await mailer.send({ ...MAIL, to: ["ann@example.com", "bo@example.com"], from, replyTo: "answers@example.com" });
  const [plain, named] = await Promise.all(server.mails.map(({ raw }) => readMail(raw)));
  assert.deepEqual(plain?.defects, []);
  assert.deepEqual(plain?.headers["from"], ["waybill@example.com"]);
  assert.deepEqual(plain?.headers["subject"], ["Your file"]);
  assert.deepEqual(plain?.headers["message-id"], ["<run-1@example.com>"]);
  assert.deepEqual(plain?.headers["auto-submitted"], ["auto-generated"]);
  assert.deepEqual(plain?.parts, { "text/plain": "The link\n", "text/html": "<p>The link</p>" });
  assert.equal(plain?.headers["reply-to"], undefined);
  assert.deepEqual(named?.headers["from"], ['"Grüße, Inc. <x@y>" <news@xn--bcher-kva.example>']);
  assert.deepEqual(named?.headers["reply-to"], ["answers@example.com"]);
  assert.deepEqual(named?.headers["message-id"], ["<run-1@xn--bcher-kva.example>"]);
  assert.deepEqual(named?.to, ["ann@example.com", "bo@example.com"]);
  assert.deepEqual(server.mails.map(({ from }) => from), ["waybill@example.com", "news@bücher.example"]);
});

for (const implicit of [true, false]) {
  Deno.test(`${implicit ? "smtps" : "smtp"} encrypts, logs in over TLS, and trusts the authorities that Deno trusts`, async () => {
    await using certificate = await makeCertificate();
    await using server = await startSmtp({ tls: { certificate, implicit }, login: LOGIN });
    const url = `${implicit ? "smtps" : "smtp"}://${CREDENTIALS}@localhost:${server.port}`;
    const untrusted = await mailInChild({ WAYBILL_SMTP_URL: url }, MAIL);
    assert.equal(untrusted.failure?.kind, "config");
    assert.match(untrusted.failure?.message ?? "", /certificate is not trusted/);
    assert.match(untrusted.failure?.hint ?? "", /DENO_CERT/);
    assert.deepEqual([server.passwords, server.mails], [[], []]);
    const env = { WAYBILL_SMTP_URL: url, DENO_CERT: certificate.authority };
    assert.deepEqual(await mailInChild(env, MAIL), { sent: { refused: [] } });
    assert.deepEqual(server.mails.map(({ encrypted }) => encrypted), [true]);
    const { found } = await mailInChild(env);
    assert.deepEqual([found?.server, found?.user, found?.tls], [`localhost:${server.port}`, "ops", "always"]);
    assert.deepEqual([server.passwords, server.mails.length], [[LOGIN.password, LOGIN.password], 1]);
  });
}

Deno.test("a certificate for another name is not trusted", async () => {
  await using certificate = await makeCertificate();
  await using server = await startSmtp({ tls: { certificate, implicit: true } });
  // The certificate is for 127.0.0.1, not for the machine's other loopback addresses.
  const url = `smtps://[::ffff:127.0.0.1]:${server.port}`;
  const { failure } = await mailInChild({ WAYBILL_SMTP_URL: url, DENO_CERT: certificate.authority }, MAIL);
  assert.equal(failure?.kind, "config", JSON.stringify(failure));
  assert.deepEqual(server.mails, []);
});

Deno.test("a password is sent over TLS alone: a server that offers none gets no login and no mail", async () => {
  await using server = await startSmtp({ login: LOGIN });
  using _set = variables({ WAYBILL_SMTP_URL: `smtp://${CREDENTIALS}@127.0.0.1:${server.port}` });
  const refused = failure("config", /refuses to encrypt the connection/, { hint: /over TLS alone/ });
  await assert.rejects(openMailer().send(MAIL), refused);
  await assert.rejects(openMailer().check(), refused);
  assert.deepEqual([server.passwords, server.mails], [[], []]);
});

Deno.test("TLS is taken where it is offered, left where the operator says so, and asked for where he says that", async () => {
  await using certificate = await makeCertificate();
  await using server = await startSmtp({ tls: { certificate, implicit: false } });
  const env = { DENO_CERT: certificate.authority };
  const url = `smtp://localhost:${server.port}`;
  await mailInChild({ ...env, WAYBILL_SMTP_URL: url }, MAIL);
  await mailInChild({ ...env, WAYBILL_SMTP_URL: `${url}?tls=off` }, MAIL);
  assert.deepEqual(server.mails.map(({ encrypted }) => encrypted), [true, false]);
  await using plain = await startSmtp();
  using _set = variables({ WAYBILL_SMTP_URL: `smtp://127.0.0.1:${plain.port}?tls=required` });
  await assert.rejects(openMailer().send(MAIL), failure("config", /refuses to encrypt/, { hint: /tls=required/ }));
});

Deno.test({
  name: "aiosmtpd, which takes nothing without STARTTLS and login, takes a mail",
  ignore: !requirePeer("aiosmtpd (Debian package python3-aiosmtpd)", "/usr/lib/python3/dist-packages/aiosmtpd"),
  fn: async () => {
    await using certificate = await makeCertificate();
    await using server = await startAiosmtpd(certificate, LOGIN.password);
    const url = `smtp://${CREDENTIALS}@localhost:${server.port}`;
    const env = { WAYBILL_SMTP_URL: url, DENO_CERT: certificate.authority };
    assert.equal((await mailInChild(env)).found?.user, "ops");
    const subject = "Grüße für Ann ☃";
    assert.deepEqual(await mailInChild(env, { ...MAIL, subject }), { sent: { refused: [] } });
    const { raw, encrypted, to } = await server.next();
    assert.deepEqual([encrypted, to], [true, MAIL.to]);
    const { headers, parts, defects } = await readMail(raw);
    assert.deepEqual([headers["subject"], defects], [[subject], []]);
    assert.equal(parts["text/plain"]?.trim(), "The link");
    const wrong = await mailInChild({ ...env, WAYBILL_SMTP_URL: url.replace("hunter22", "wrong") }, MAIL);
    assert.equal(wrong.failure?.kind, "auth");
  },
});

Deno.test("a refused login is told without the password, whatever the server says", async () => {
  await using certificate = await makeCertificate();
  for (const [answer, kind] of [["535 Wrong", "auth"], ["454 Later", "transient"]] as const) {
    await using server = await startSmtp({
      tls: { certificate, implicit: false },
      login: LOGIN,
      answer: (to, password) => to === "login" ? `${answer}: ${password} ${btoa(`\0ops\0${password}`)}` : undefined,
    });
    const url = `smtp://${CREDENTIALS}@localhost:${server.port}`;
    const { failure } = await mailInChild({ WAYBILL_SMTP_URL: url, DENO_CERT: certificate.authority }, MAIL);
    assert.equal(failure?.kind, kind);
    assert.match(failure?.message ?? "", /(refuses|does not take) the login of "ops".*: .*\[secret\]/);
    assert.doesNotMatch(JSON.stringify(failure), /hunter22|p%20w|AG9wcw/);
    assert.deepEqual(server.mails, []);
  }
});

Deno.test("what a server refuses for good is the job's to mend, what it refuses for now is tried again", async () => {
  const cases = [
    ["recipient", "550 5.1.1 No such user", "config", /refuses the recipient: 550 5\.1\.1 No such user/],
    ["recipient", "451 4.7.1 Greylisted", "transient", /does not take the recipient now: .*Greylisted/],
    ["sender", "553 5.7.1 Not from here", "config", /refuses the sender: 553/],
    ["sender", "452 4.3.1 Full", "transient", /does not take the sender now/],
    ["mail", "554 5.7.1 Looks like spam", "data", /refuses the mail: 554/],
    ["mail", "421 4.3.2 Shutting down", "transient", /does not take the mail now/],
  ] as const;
  for (const [at, answer, kind, message] of cases) {
    const thrown = await thrownBy({ answer: (to) => to === at ? answer : undefined });
    await assert.rejects(Promise.reject(thrown), failure(kind, message), `${at} ${answer}`);
  }
});

Deno.test("of several recipients those who are refused are told, the others get the mail", async () => {
  await using server = await startSmtp({
    answer: (to, address) => to === "recipient" && address.startsWith("bo@") ? "550 No such user" : undefined,
  });
  using _set = variables({ WAYBILL_SMTP_URL: `smtp://127.0.0.1:${server.port}` });
  const { refused } = await openMailer().send({ ...MAIL, to: ["ann@example.com", "bo@example.com"] });
  assert.deepEqual(refused, [{ address: "bo@example.com", reason: "550 No such user" }]);
  assert.deepEqual(server.mails.map(({ to }) => to), [["ann@example.com"]]);
});

Deno.test("a server that is not there, ends, or says nothing is tried again later; one that cannot be is not", async () => {
  using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  using _set = variables({ WAYBILL_SMTP_URL: `smtp://127.0.0.1:${silent.addr.port}` });
  await assert.rejects(openMailer({ connect: 300 }).send(MAIL), failure("transient", /Greeting never received/));
  await assert.rejects(openMailer({ whole: 50 }).check(), failure("transient", /did not finish within/));
  const stop = new AbortController();
  const stopped = openMailer().send(MAIL, stop.signal);
  stop.abort();
  await assert.rejects(stopped, failure("cancelled", /stopped/));
  {
    using _set = variables({ WAYBILL_SMTP_URL: "smtp://127.0.0.1:1" });
    await assert.rejects(openMailer().send(MAIL), failure("transient", /"127\.0\.0\.1:1" refused the connection/));
  }
  using _none = variables({ WAYBILL_SMTP_URL: "smtp://mail.invalid" });
  await assert.rejects(openMailer().send(MAIL), failure("config", /"mail\.invalid" does not exist/));
});

Deno.test("nothing in a subject or a name begins a line of the header, and all of it can be read again", async () => {
  await using server = await startSmtp();
  using _set = variables({ WAYBILL_SMTP_URL: `smtp://127.0.0.1:${server.port}?from=waybill@example.com` });
  const hostile = [
    "a\r\nBcc: eve@example.com\r\n\r\nbody",
    "a\nX-Evil: 1",
    "a\rX-Evil: 1",
    "a\u2028X-Evil: 1\u2029b\u0085X-Evil: 2",
    "=?utf-8?q?=0D=0AX-Evil:_1?=",
    "=?utf-8?b?DQpYLUV2aWw6IDE=?= and more",
    `${"long ".repeat(500)}\r\n end`,
    "\ud800 lone, ☃, 👩‍👩‍👧, \u202e, \0",
    '", <eve@example.com>, "',
    "",
  ];
  for (const text of hostile) {
    await openMailer().send({ ...MAIL, subject: text, from: { name: text }, text: `${text}.`, html: `<p>${text}</p>` });
  }
  for (const [index, { raw, to, from }] of server.mails.entries()) {
    assert.deepEqual([to, from], [MAIL.to, "waybill@example.com"]);
    const { headers, parts } = await readMail(raw);
    const what = hostile[index] ?? "";
    const shown = what.toWellFormed().replaceAll(/\p{Cc}+|[\u2028\u2029]/gu, " ").replaceAll("=?", "= ?").trim()
      .slice(0, 200).trim();
    assert.deepEqual(
      Object.keys(headers).sort(),
      ["auto-submitted", "content-type", "date", "from", "message-id", "mime-version"]
        .concat(shown === "" ? ["to"] : ["subject", "to"]),
      what,
    );
    for (const line of raw.split("\r\n\r\n", 1)[0]?.split("\r\n") ?? []) assert.ok(line.length <= 998, line);
    assert.equal(headers["subject"]?.[0]?.trim() ?? "", shown);
    assert.deepEqual(Object.keys(parts), ["text/plain", "text/html"]);
  }
  assert.equal(server.mails.length, hostile.length);
});

Deno.test("a recipient, sender or address for answers that could be anything else is refused before a server is asked", async () => {
  await using server = await startSmtp();
  using _set = variables({ WAYBILL_SMTP_URL: `smtp://127.0.0.1:${server.port}` });
  const wrong = [
    "ann@example.com\r\nRCPT TO:<eve@example.com>",
    "ann@example.com>\r\nDATA",
    "Ann <ann@example.com>",
    "<ann@example.com>",
    "ann@example.com, eve@example.com",
    "ann@example.com;eve@example.com",
    '"ann\r\n"@example.com',
    '"ann"@example.com',
    "änn@example.com",
    "=?utf-8?q?ann?=@example.com",
    "ann@[127.0.0.1]",
    "ann@127.0.0.1",
    "ann@example.com\0",
    "ann@exam ple.com",
    `${"a".repeat(65)}@example.com`,
    `ann@${"a.".repeat(130)}com`,
    "@example.com",
    "ann@",
    "ann",
    "",
  ];
  const refused = failure("config", /is no address that mail can go to/);
  for (const address of wrong) {
    await assert.rejects(openMailer().send({ ...MAIL, to: ["ann@example.com", address] }), refused, address);
    await assert.rejects(openMailer().send({ ...MAIL, from: { address } }), refused, address);
    await assert.rejects(openMailer().send({ ...MAIL, replyTo: address }), refused, address);
  }
  assert.equal(server.connections(), 0);
  const right = [
    "o'hara+x@example.com",
    "a.b!#$%&*/?=^_`{|}~-@example.com",
    "root@localhost",
  ];
  for (const address of right) await openMailer().send({ ...MAIL, to: [address] });
  assert.deepEqual(server.mails.map(({ to }) => to), right.map((address) => [address]));
  for (const [index, { raw }] of server.mails.entries()) assert.deepEqual((await readMail(raw)).to, [right[index]]);
});

Deno.test("no failure shows the password of the mail server's address, wherever it stands", async () => {
  for (const text of ["http://ops:hunter22@x", "smtp://ops:hunter22", "smtp://ops:hunter22@", "smtps://:hunter22@x"]) {
    using _set = variables({ WAYBILL_SMTP_URL: text });
    const thrown = await openError();
    assert.doesNotMatch(everything(thrown), /hunter22/, text);
  }
  const thrown = await thrownBy({ login: LOGIN }, `${CREDENTIALS}@`);
  assert.doesNotMatch(everything(thrown), /hunter22/);
});

async function openError(): Promise<unknown> {
  try {
    openMailer();
  } catch (error) {
    return error;
  }
  throw new Error("It opened");
}
