import assert from "node:assert/strict";
import type { JsonValue } from "../../contracts/records.ts";
import { readChanges } from "./read_changes.ts";

const op = (op: string, attr: JsonValue, ...value: JsonValue[]): JsonValue =>
  value.length === 0 ? { op, attr } : { op, attr, value: value[0]! };

Deno.test("what operations come to, one change for each attribute", () => {
  const cases: readonly (readonly [JsonValue[], JsonValue | undefined])[] = [
    [[op("assign", "a", 1), op("increment", "a", 2)], 3],
    [[op("assign", "a", "0.1"), op("increment", "a", 0.2)], 0.3],
    [[op("delete", "a"), op("increment", "a", 2)], 2],
    [[op("delete", "a"), op("set-add", "a", ["y", "x"])], ["x", "y"]],
    [[op("delete", "a"), op("set-remove", "a", "x")], undefined],
    [[op("assign", "a", null)], undefined],
    [[op("assign", "a", ["b", 10, 9, "a"]), op("set-remove", "a", ["b"]), op("set-add", "a", true)], [
      9,
      10,
      "a",
      true,
    ]],
    [[op("assign", "a", "x"), op("assign", "a", { b: [null] })], { b: [null] }],
    [[op("assign", "a", "x"), op("delete", "a")], undefined],
    [[op("assign", "a", 9007199254740991), op("increment", "a", 2)], "9007199254740993"],
  ];
  for (const [list, value] of cases) {
    assert.deepEqual(readChanges(list), [["a", { kind: "assign", value }]], JSON.stringify(list));
  }
  assert.deepEqual(readChanges([op("increment", "a", 1), op("increment", "a", "-3")]), [
    ["a", { kind: "increment", by: -2 }],
  ]);
  assert.deepEqual(readChanges([op("set-add", "a", ["x", "x", "y"]), op("set-remove", "a", ["x"])]), [
    ["a", { kind: "set", members: [{ value: "x", added: false }, { value: "y", added: true }] }],
  ]);
  assert.deepEqual(readChanges([op("set-add", "a", [])]), []);
  assert.deepEqual(readChanges([]), []);
});

Deno.test("what is no list of operations is told with the number of the first that is none", () => {
  const cases: readonly (readonly [JsonValue | undefined, RegExp])[] = [
    [undefined, /^Has no list of "changes"$/],
    [{ op: "delete", attr: "a" }, /^Has no list of "changes"$/],
    [[op("delete", "a"), "x"], /^Change 2 is not a JSON object$/],
    [[{ attr: "a" }], /^Change 1 has no "op": it is one of assign, delete/],
    [[op("SET-ADD", "a", "x")], /unknown operation "SET-ADD"/],
    [[op("delete", "")], /names no attribute/],
    [[op("delete", 7)], /names no attribute/],
    [[op("assign", "customer_id", "x")], /cannot change "customer_id"/],
    [[op("delete", "é".repeat(501))], /more than 1000 bytes/],
    [[op("assign", "a")], /has no "value" for its "assign"/],
    [[op("increment", "a", "gold")], /increments by "gold", which is no number/],
    [[op("increment", "a", [1])], /increments by \[1\]/],
    [[op("set-add", "a", ["x", { y: 1 }])], /has \{"y":1\} in its set/],
    [[op("set-add", "a", null)], /has null in its set/],
    [[op("assign", "a", "x"), op("increment", "a", 1)], /^Change 2 does not suit what the row does to "a" before it$/],
    [[op("increment", "a", 1), op("set-add", "a", 1)], /^Change 2 does not suit/],
  ];
  for (const [list, reason] of cases) assert.match(readChanges(list) as string, reason);
});
