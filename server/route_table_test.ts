import assert from "node:assert/strict";
import { nothing } from "./answers.ts";
import { defineRoute, type Route } from "./route.ts";
import { RouteTable, targetOf } from "./route_table.ts";

function route(request: string): Route {
  const [method, path] = request.split(" ") as ["get" | "delete", string];
  return defineRoute({
    method,
    path,
    name: request,
    capability: "auth.read",
    tag: "service",
    summary: request,
    answer: nothing(),
    handle: () => {},
  });
}

function found(table: RouteTable, path: string) {
  const place = table.find(targetOf(`http://waybill.test${path}`).parts);
  return place && [...place.routes.values()].map(({ name }) => name).concat(JSON.stringify(place.params));
}

Deno.test("a target is the address's path, part by part, and its query", () => {
  assert.deepEqual(targetOf("http://waybill.test"), { parts: [""], search: "" });
  assert.deepEqual(targetOf("http://waybill.test/"), { parts: [""], search: "" });
  assert.deepEqual(targetOf("http://waybill.test/a//b?c=/?#d?"), { parts: ["a", "", "b"], search: "?c=/?" });
  assert.deepEqual(targetOf("http://waybill.test/a#b?c"), { parts: ["a"], search: "" });
});

Deno.test("a part is decoded once and by itself; what is no encoding stays as it stands", () => {
  const parts = (path: string) => targetOf(`http://waybill.test/${path}`).parts;
  assert.deepEqual(parts("a%2Fb/c%252Fd"), ["a/b", "c%2Fd"]);
  assert.deepEqual(parts("ann%40example.com+%E6%9D%B1"), ["ann@example.com+東"]);
  assert.deepEqual(parts("100%/%E6%9D%20%zz%41"), ["100%", "%E6%9D%20%zzA"]);
  assert.deepEqual(parts("%00/%41%00%41"), ["%00", "A%00A"]);
});

Deno.test("fixed paths win over those with parameters, whatever their order", () => {
  const routes = ["get /api/a/{x}/{y}", "get /api/a/b/{y}", "delete /api/a/{x}/{y}", "get /api/{x}", "get /api/c"];
  for (const declared of [routes, routes.toReversed()]) {
    const table = new RouteTable(declared.map(route));
    assert.deepEqual(found(table, "/api/a/b/1"), ["get /api/a/b/{y}", '{"y":"1"}']);
    assert.deepEqual(found(table, "/api/a/c/1")?.sort(), [
      "delete /api/a/{x}/{y}",
      "get /api/a/{x}/{y}",
      '{"x":"c","y":"1"}',
    ]);
    assert.deepEqual(found(table, "/api/c"), ["get /api/c", "{}"]);
    assert.deepEqual(found(table, "/%61pi/c"), ["get /api/c", "{}"]);
    assert.deepEqual(found(table, "/api/%7Bx%7D"), ["get /api/{x}", '{"x":"{x}"}']);
    assert.deepEqual(found(table, "/api/__proto__"), ["get /api/{x}", '{"x":"__proto__"}']);
    for (const nowhere of ["/", "/api", "/api/", "/api/a/b", "/api/a/b/", "/api/a//1", "/api/c/", "/api%2Fc"]) {
      assert.equal(found(table, nowhere), undefined, nowhere);
    }
  }
});
