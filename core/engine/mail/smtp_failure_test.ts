import assert from "node:assert/strict";
import { smtpFailure } from "./smtp_failure.ts";
import { readSmtpUrl } from "./smtp_url.ts";

Deno.test("a login that a server repeats is taken out of its words before they are cut", () => {
  const password = "correct horse battery staple";
  const server = readSmtpUrl(`smtps://ada:${encodeURIComponent(password)}@mail.test.invalid`);
  for (const sent of [password, btoa(password), btoa(`\0ada\0${password}`)]) {
    for (let before = 150; before <= 200; before++) {
      const error = Object.assign(new Error("Invalid login"), {
        code: "EAUTH",
        response: `535 5.7.8 ${"x".repeat(before)} ${sent} is wrong`,
      });
      const { kind, message } = smtpFailure(error, server);
      assert.equal(kind, "auth");
      assert(!message.includes(sent.slice(0, 4)), message);
    }
  }
});
