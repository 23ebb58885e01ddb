import assert from "node:assert/strict";
import { Failure } from "./failure.ts";

class Narrower extends Failure {}

Deno.test("a failure of another copy of the module is a failure, with kind, hint and JSON", async () => {
  // A query makes it a module of its own, as a package's copy is.
  const copy: typeof import("./failure.ts") = await import(import.meta.resolve("./failure.ts?copy"));
  assert.notEqual(copy.Failure, Failure);
  const failure: unknown = new copy.Failure("transient", "The shop is closed", { hint: "Come back later" });
  assert(failure instanceof Failure);
  assert.deepEqual(failure.toJSON(), {
    kind: "transient",
    message: "The shop is closed",
    hint: "Come back later",
    code: null,
  });
});

Deno.test("nothing else is a failure, whatever it is called", () => {
  const named = Object.assign(new Error("x"), { name: "Failure", kind: "unknown", toJSON: () => ({}) });
  for (const value of [new Error("x"), named, { name: "Failure", kind: "data" }, null, undefined, "Failure"]) {
    assert.equal(value instanceof Failure, false);
  }
});

Deno.test("a narrower failure is one, and a failure is not therefore a narrower one", () => {
  assert(new Narrower("data", "x") instanceof Narrower);
  assert(new Narrower("data", "x") instanceof Failure);
  const failure: unknown = new Failure("data", "x");
  assert(!(failure instanceof Narrower));
});
