import assert from "node:assert/strict";
import { Failure } from "../contracts/failure.ts";
import { describeError, reviveError } from "./describe_error.ts";

Deno.test("a failure survives the way to JSON and back", () => {
  for (
    const failure of [
      new Failure("config", 'Stream "a" does not exist', { code: "not_found", hint: "Look again" }),
      new Failure("transient", "The disk is full", { cause: new Error("ENOSPC") }),
    ]
  ) {
    const json = JSON.parse(JSON.stringify(describeError(failure)));
    const revived = reviveError(json, "not a failure's");
    assert(revived instanceof Failure);
    assert.deepEqual(revived.toJSON(), failure.toJSON());
  }
});

Deno.test("anything else is a bug: its message is kept, its stack is only for the log", () => {
  const error = new TypeError("undefined is not a function");
  const json = describeError(error);
  assert.deepEqual([json.kind, json.message, json.code], ["bug", "undefined is not a function", null]);
  assert.match(json.hint ?? "", /log of this run/);
  assert(!JSON.stringify(json).includes(".ts:"));
  const revived = reviveError(json, "TypeError: undefined is not a function\n    at there");
  assert(!(revived instanceof Failure));
  assert.equal(revived.message, error.message);
  assert.match(revived.stack ?? "", /at there$/);
});

Deno.test("what is thrown without being an error is told as text", () => {
  assert.equal(describeError("no").message, "no");
  assert.equal(describeError(undefined).message, "undefined");
});
