import assert from "node:assert/strict";

import { findViolations, MAX_LINES, PROGRAMS } from "./architecture/rules.ts";
import { readSourceGraph, type SourceGraph } from "./architecture/source_graph.ts";

Deno.test("imports run one way, and every source file keeps the house rules", async () => {
  const graph = await readSourceGraph(new URL("../", import.meta.url), PROGRAMS);
  assert.ok(graph.edges.some(({ from, to }) => from === "mod.ts" && to === "core/contracts/failure.ts"));
  assert.deepEqual(findViolations(graph), []);
});

/** What the checker says of one import, written `from → to`, or `from → to as specifier`. */
function verdict(from: string, to: string, specifier = "./x.ts"): string[] {
  const graph: SourceGraph = { files: [], edges: [{ from, to, specifier }], entryPoints: [] };
  return findViolations(graph).map((sentence) => sentence.slice(sentence.indexOf(": ") + 2));
}

const FORBIDDEN: readonly (readonly [from: string, to: string, rule: RegExp, specifier?: string])[] = [
  ["core/contracts/job.ts", "core/engine/queue.ts", /^contracts imports no other room/],
  ["core/contracts/job.ts", "npm:hono", /^contracts import zod only$/],
  ["core/contracts/job.ts", "node:fs", /^contracts import zod only, and no built-in/],
  ["core/codecs/csv/reader.ts", "core/files/local.ts", /^codecs imports only contracts$/],
  ["core/database/open.ts", "core/profiles/merge.ts", /^database imports only contracts$/],
  ["core/profiles/merge.ts", "core/engine/queue.ts", /^profiles imports only contracts, files/],
  ["core/engine/runner.ts", "plugins/mod.ts", /^only cli\/main.ts and server\/main.ts import plugins/],
  ["core/engine/runner.ts", "server/app.ts", /^engine imports only/],
  ["core/engine/runner.ts", "core/testing/run_job.ts", /^only tests import core\/testing$/],
  ["core/engine/runner.ts", "core/files/mod.ts", /^files inside Waybill import/, "@waybill/waybill/files"],
  ["core/engine/runner.ts", "core/engine/runner_test.ts", /^nothing that ships imports tests$/],
  ["core/engine/runner.ts", "core/engine/queue_testing.ts", /^nothing that ships imports tests$/],
  ["core/files/local.ts", "tests/server.ts", /^nothing that ships imports tests$/],
  ["core/files/local.ts", "core/files/mod.ts", /^a part does not import the index that lists it/],
  ["core/codecs/csv.ts", "npm:papaparse", /^only tests import papaparse$/],
  ["core/codecs/csv.ts", "https://example.com/csv.ts", /^packages come from npm/],
  ["core/gadgets/a.ts", "core/files/local.ts", /^"gadgets" is no room/],
  ["server/app.ts", "cli/output.ts", /^server imports only/],
  ["cli/run.ts", "plugins/mod.ts", /^only cli\/main.ts and server\/main.ts import plugins/],
  ["cli/main.ts", "plugins/csv_import/mod.ts", /and only plugins\/mod.ts$/],
  ["plugins/csv_import/run.ts", "core/codecs/csv.ts", /^plugins import Waybill by its public names/],
  ["plugins/csv_import/run.ts", "core/testing/mod.ts", /^plugins import only/, "@waybill/waybill/testing"],
  ["plugins/csv_import/run.ts", "plugins/file_service/sftp.ts", /^a plugin imports another only through its mod.ts$/],
];

for (const [from, to, rule, specifier] of FORBIDDEN) {
  Deno.test(`the checker catches ${from} → ${specifier ?? to}`, () => {
    const [sentence = "", ...more] = verdict(from, to, specifier);
    assert.match(sentence, rule);
    assert.deepEqual(more, []);
  });
}

Deno.test("the checker lets through what ARCHITECTURE.md allows", () => {
  const allowed: readonly (readonly [from: string, to: string, specifier?: string])[] = [
    ["mod.ts", "core/contracts/failure.ts"],
    ["core/contracts/fields.ts", "npm:zod"],
    ["core/database/open.ts", "npm:kysely"],
    ["core/database/open.ts", "node:sqlite"],
    ["core/profiles/merge.ts", "core/database/mod.ts"],
    ["core/engine/runner.ts", "core/profiles/merge.ts"],
    ["core/testing/run_job.ts", "core/engine/runner.ts"],
    ["core/testing/properties.ts", "npm:fast-check"],
    ["server/app.ts", "core/describe/mod.ts"],
    ["cli/serve.ts", "server/app.ts"],
    ["server/main.ts", "cli/process.ts"],
    ["cli/main.ts", "plugins/mod.ts"],
    ["plugins/mod.ts", "plugins/csv_import/mod.ts"],
    ["plugins/csv_import/run.ts", "mod.ts", "@waybill/waybill"],
    ["plugins/csv_import/run.ts", "core/codecs/mod.ts", "@waybill/waybill/codecs"],
    ["plugins/csv_import/mod.ts", "plugins/csv_import/run.ts"],
    ["plugins/csv_import/mod.ts", "plugins/file_service/mod.ts"],
    ["plugins/file_service/sftp.ts", "npm:zod"],
  ];
  for (const [from, to, specifier] of allowed) assert.deepEqual(verdict(from, to, specifier), [], `${from} → ${to}`);
});

/** What the checker says of one file that a program starts. */
function fileVerdict(text: string): string[] {
  return findViolations({ files: [{ path: "cli/main.ts", text }], edges: [], entryPoints: ["cli/main.ts"] });
}

Deno.test("the checker catches default exports, imports for their side effect, and long files", () => {
  assert.match(fileVerdict("export default 1;\n").join(), /no default exports/);
  assert.match(fileVerdict("const a = 1;\nexport { a as default };\n").join(), /no default exports/);
  assert.match(fileVerdict('import "./registers.ts";\n').join(), /side effect/);
  assert.match(fileVerdict("// line\n".repeat(MAX_LINES + 1)).join(), /401 lines, the most is 400/);
  assert.deepEqual(fileVerdict("// line\n".repeat(MAX_LINES)), []);
});

Deno.test("the checker catches a file that no export and no program reaches", () => {
  const file = (path: string): { path: string; text: string } => ({ path, text: "" });
  const graph: SourceGraph = {
    files: [file("cli/main.ts"), file("cli/used.ts"), file("cli/forgotten.ts")],
    edges: [
      { from: "cli/main.ts", to: "cli/used.ts", specifier: "./used.ts" },
      { from: "cli/forgotten.ts", to: "cli/used.ts", specifier: "./used.ts" },
    ],
    entryPoints: ["cli/main.ts"],
  };
  assert.deepEqual(findViolations(graph), [
    "cli/forgotten.ts: no export or program reaches this file; delete it, or use it",
  ]);
});
