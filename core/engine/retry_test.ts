import assert from "node:assert/strict";
import type { FailureJson } from "../contracts/failure.ts";
import { COMMAND_RETRIES, SERVER_RETRIES, waitBeforeRetry } from "./retry.ts";

const failed = (kind: FailureJson["kind"], retries: number, connected = true) => ({
  failure: { kind, message: "It broke", hint: null, code: null },
  retries,
  connected,
});

Deno.test("only transient failures are tried again", () => {
  for (const kind of ["config", "auth", "data", "cancelled", "bug"] as const) {
    assert.equal(waitBeforeRetry(SERVER_RETRIES, failed(kind, 0)), undefined);
  }
  assert.ok(waitBeforeRetry(SERVER_RETRIES, failed("transient", 0)));
});

Deno.test("a server tries five times, each wait longer than the one before, give or take a fifth", () => {
  for (const [retries, wait] of SERVER_RETRIES.waits.entries()) {
    for (let many = 0; many < 200; many++) {
      const told = waitBeforeRetry(SERVER_RETRIES, failed("transient", retries, false)) ?? 0;
      assert.ok(told >= wait * 0.8 && told <= wait * 1.2, `${told}`);
    }
  }
  assert.equal(SERVER_RETRIES.waits.length, 4);
  assert.equal(waitBeforeRetry(SERVER_RETRIES, failed("transient", 4)), undefined);
});

Deno.test("a command that waits tries three times within ten seconds, and not at all when it never got through", () => {
  assert.ok(COMMAND_RETRIES.waits.reduce((sum, wait) => sum + wait * 1.2, 0) < 10_000);
  assert.ok(waitBeforeRetry(COMMAND_RETRIES, failed("transient", 1)));
  assert.equal(waitBeforeRetry(COMMAND_RETRIES, failed("transient", 2)), undefined);
  assert.equal(waitBeforeRetry(COMMAND_RETRIES, failed("transient", 0, false)), undefined);
});
