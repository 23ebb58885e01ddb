import assert from "node:assert/strict";
import { Failure } from "../core/contracts/failure.ts";
import type { Flag } from "./command.ts";
import { inFlags } from "./config_words.ts";

const FLAGS: readonly Flag[] = [
  { name: "identify-by", kind: "list", key: "identify_by", help: "" },
  { name: "file", kind: "value", key: "file", help: "" },
  { name: "private-key-file", kind: "secret-file", key: "private_key", help: "" },
  { name: "private-key-ask", kind: "secret-ask", key: "private_key", help: "" },
  { name: "private-key", kind: "secret", key: "private_key", help: "" },
  { name: "label", kind: "value", help: "" },
];

function told(message: string, hint?: string): string {
  const error = inFlags(new Failure("config", message, hint === undefined ? {} : { hint }), FLAGS);
  assert.ok(error instanceof Failure);
  return error.hint === undefined ? error.message : `${error.message} | ${error.hint}`;
}

Deno.test("a refused configuration names the flags, and leaves values that are called as keys are", () => {
  assert.equal(
    told('Configuration of job type "file": "identify_by" is missing; "file" must be short, not "file"'),
    'Configuration of job type "file": --identify-by is missing; --file must be short, not "file"',
  );
  assert.equal(
    told('Configuration of auth method "sftp": "private_key": give one, or leave `file` empty'),
    'Configuration of auth method "sftp": --private-key-file: give one, or leave --file empty',
  );
  assert.equal(
    told('Job type "file" has no "fiel"', 'Did you mean "file"?'),
    'Job type "file" has no "fiel" | Did you mean --file?',
  );
  assert.equal(
    told('The choices for "identify_by" need "file"', 'Give "file" first'),
    "The choices for --identify-by need --file | Give --file first",
  );
});

Deno.test("what says nothing of the configuration is left as it is", () => {
  assert.equal(told('File "file" does not exist', 'Check "file"'), 'File "file" does not exist | Check "file"');
  const bug = new Error('Configuration of x: "file" is missing');
  assert.equal(inFlags(bug, FLAGS), bug);
});
