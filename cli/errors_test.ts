import assert from "node:assert/strict";
import { Failure } from "../core/contracts/failure.ts";
import { reportError } from "./errors.ts";
import { Output, type Sink } from "./output.ts";

Deno.test("what a server says in an error cannot move the cursor or colour the screen", () => {
  let told = "";
  const nothing: Sink = { terminal: false, write: () => {}, width: () => 80 };
  const stderr: Sink = { ...nothing, write: (text) => void (told += text) };
  const out = new Output(nothing, stderr, { json: false, quiet: false });
  const failure = new Failure("transient", "Server ended the connection: \x1b[2Jgone", { hint: "Ask \x07it" });
  assert.equal(reportError(out, failure), 6);
  assert.equal(told, "error: Server ended the connection: \\u001b[2Jgone\nhint: Ask \\u0007it\n");
});
