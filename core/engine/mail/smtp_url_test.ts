import assert from "node:assert/strict";
import { hostname } from "node:os";
import { failure } from "../engine_testing.ts";
import { mailServer, readSmtpUrl } from "./smtp_url.ts";
import { variables } from "./smtp_testing.ts";

Deno.test("an address of a mail server says host, port, encryption, login and sender", () => {
  assert.deepEqual(readSmtpUrl("smtps://ops:p%40ss@mail.example.com?from=waybill@example.com"), {
    host: "mail.example.com",
    port: 465,
    tls: "implicit",
    login: { user: "ops", password: "p@ss" },
    from: "waybill@example.com",
  });
  assert.deepEqual(readSmtpUrl("smtp://mail.example.com"), {
    host: "mail.example.com",
    port: 587,
    tls: "offered",
    login: undefined,
    from: `waybill@${hostname()}`,
  });
  assert.equal(readSmtpUrl("smtp://ops:pw@mail.example.com:25").tls, "required");
  assert.equal(readSmtpUrl("smtp://mail.example.com:25?tls=required").tls, "required");
  assert.equal(readSmtpUrl("smtp://127.0.0.1:25?tls=off").tls, "off");
  const { host, port } = readSmtpUrl("smtp://[::1]:2525");
  assert.deepEqual([host, port], ["::1", 2525]);
  assert.equal(readSmtpUrl("smtp://a%3Ab:c%2Fd%25@x").login?.password, "c/d%");
});

Deno.test("an address that is none, or says what cannot be, is refused with what to write", () => {
  const wrong = [
    ["http://mail.example.com", /is no address of a mail server/],
    ["mail.example.com", /is no address of a mail server/],
    ["smtp://", /is no address of a mail server/],
    ["smtp://mail.example.com?tsl=required", /has the option "tsl", which there is not/],
    ["smtp://mail.example.com?tls=yes", /has a tls that there is not/],
    ["smtps://mail.example.com?tls=off", /says both smtps and tls=off/],
    ["smtp://ops:pw@mail.example.com?tls=off", /would send a password in the open/],
    ["smtp://ops@mail.example.com", /has a user without a password/],
    ["smtp://:pw@mail.example.com", /has a user without a password, or a password without a user/],
    ["smtp://ops:100%@mail.example.com", /cannot be read/],
    ["smtp://mail.example.com?from=Waybill", /has a from that must be an address/],
    ["smtp://mail.example.com?from=a@b.de%0d%0aBcc:x@y.de", /has a from that must hold no spaces/],
  ] as const;
  for (const [text, message] of wrong) assert.throws(() => readSmtpUrl(text), failure("config", message), text);
});

Deno.test("without a mail server, what to set is told", () => {
  using _set = variables({ WAYBILL_SMTP_URL: " " });
  assert.throws(
    () => mailServer(),
    failure("config", /No mail server is named/, { hint: /WAYBILL_SMTP_URL, such as/ }),
  );
});
