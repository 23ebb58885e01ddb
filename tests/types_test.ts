/**
 * What a plugin author gets wrong does not compile: each mistake beside the same code without it. The compiler has to
 * complain at the mistake, with the given code, and nowhere else.
 */
import assert from "node:assert/strict";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "./support/home.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** What every case starts with: three auths with connections of their own, and the parts of a job. */
const PRELUDE = `
import { defineAuth, defineJob, definePlugin, defineProvider, type FieldMeta } from "@waybill/waybill";
import type { FileConnection } from "@waybill/waybill";
import { defineExport, importFields, importTarget } from "@waybill/waybill";
import { runJob } from "@waybill/waybill/testing";
import { z } from "zod";

const described = { title: "Acme", summary: "Acme." };
const key = defineAuth({
  ...described,
  id: "acme-key",
  config: z.object({ api_key: z.string() }),
  connect: async () => ({ rows: async (list: string) => [{ list }], [Symbol.asyncDispose]: async () => {} }),
  check: async function* () {},
});
const open = defineAuth({
  ...described,
  id: "acme-open",
  config: z.object({}),
  connect: async () => ({ visitors: 7, [Symbol.asyncDispose]: async () => {} }),
  check: async function* () {},
});
const files = defineAuth({
  ...described,
  id: "acme-files",
  config: z.object({}),
  connect: (): Promise<FileConnection & AsyncDisposable> => Promise.reject(new Error("Never called")),
  check: async function* () {},
});
const provider = defineProvider({ ...described, id: "acme", auths: [key, open, files] });
const parts = {
  ...described,
  id: "acme-import",
  provider,
  direction: "import",
  auths: [key],
  config: z.object({ ...importFields, list: z.string(), size: z.int().default(5) }),
  checkpoint: z.object({ page: z.int() }),
  into: importTarget,
  run: async () => {},
} as const;
const outParts = {
  ...described,
  id: "acme-export",
  provider,
  direction: "export",
  auths: [key],
  config: z.object({ audience: z.string(), list: z.string(), columns: z.array(z.string()) }),
  checkpoint: z.object({ after: z.int() }),
  from: ({ audience }: { audience: string }) => ({ audience }),
  run: async () => {},
} as const;
const none = async function* () {};
const out = defineExport(outParts);
const good = defineJob(parts);
const connection = { rows: async (list: string) => [{ list }], [Symbol.asyncDispose]: async () => {} };
void [definePlugin, runJob, good, out, none, connection, files];
`;

interface Mistake {
  readonly what: string;
  /** The compiler's code for it. */
  readonly code: number;
  /** Lines between the mistake and where it is found. */
  readonly later?: number;
  /** What follows the prelude; `‹right|wrong›` stands where the two differ. */
  readonly text: string;
}

const MISTAKES: readonly Mistake[] = [
  {
    what: "choices for a field that is not configured",
    code: 2322,
    text: `defineJob({ ...parts, choices: {
  ‹list|liste›: { load: none },
} });`,
  },
  {
    what: "choices for a field that is not configured, beside one that is",
    code: 2322,
    text: `defineJob({ ...parts, choices: {
  list: { load: none },
  ‹size|sice›: { load: none },
} });`,
  },
  {
    what: "choices for a field that is not configured, declared apart",
    code: 2322,
    later: 2,
    text: `const choices = { list: { load: none }, ‹size|sice›: { load: none } };
defineJob({ ...parts,
  choices,
});`,
  },
  {
    what: "choices that need a key that is not configured",
    code: 2820,
    text: `defineJob({ ...parts, choices: { list: {
  needs: ["‹stream|streem›"],
  load: none,
} } });`,
  },
  {
    what: "choices that read a key that is not configured",
    code: 2339,
    text: `defineJob({ ...parts, choices: { list: { load: async function* ({ config }) {
  yield { value: String(config.‹size|sice›) };
} } } });`,
  },
  {
    what: "choices that use what the connection does not have",
    code: 2339,
    text: `defineJob({ ...parts, choices: { list: { load: async function* ({ connection }) {
  await connection.‹rows|lines›("a");
} } } });`,
  },
  {
    what: "choices whose values are no text",
    code: 2322,
    text:
      `defineJob({ ...parts, choices: { list: { ‹load: none|load: async function* () { yield { value: 1 }; }› } } });`,
  },
  {
    what: "uploads whose file is no key of the configuration",
    code: 2820,
    text: `defineJob({ ...parts, auths: [files], upload: { format: "acme", contentTypes: [], stream: "stream",
  file: "‹list|liste›",
} });`,
  },
  {
    what: "uploads for a job that needs more of its connection than files",
    code: 2322,
    text: `defineJob({ ...parts,
  ‹auths: [files], |›upload: { format: "acme", contentTypes: [], stream: "stream", file: "list" },
});`,
  },
  {
    what: "a run that reads a key that is not configured",
    code: 2551,
    text: `defineJob({ ...parts, run: async ({ config }) => {
  void config.‹list|liste›;
} });`,
  },
  {
    what: "a run that takes a number for text",
    code: 2345,
    text: `defineJob({ ...parts, run: async ({ config, connection }) => {
  await connection.rows(config.‹list|size›);
} });`,
  },
  {
    what: "a plan that reads a key that is not configured",
    code: 2551,
    text: `defineJob({ ...parts, plan: async ({ config }) => {
  return { summary: config.‹list|liste›, facts: {}, notes: [] };
} });`,
  },
  {
    what: "a target that reads a key that is not configured",
    code: 2551,
    text: `defineJob({ ...parts, into: (config) => {
  return { stream: config.‹list|liste›, identifyBy: [] };
} });`,
  },
  {
    what: "a checkpoint of another form",
    code: 2322,
    text: `defineJob({ ...parts, run: async ({ emit }) => {
  await emit([], { page: ‹1|"1"› });
} });`,
  },
  {
    what: "a checkpoint with a key too many",
    code: 2353,
    text: `defineJob({ ...parts, run: async ({ emit }) => {
  await emit([], { page: 1‹|, row: 2› });
} });`,
  },
  {
    what: "no checkpoint",
    code: 2554,
    text: `defineJob({ ...parts, run: async ({ emit }) => {
  await emit([]‹, { page: 1 }|›);
} });`,
  },
  {
    what: "a checkpoint that is taken to be there at the first start",
    code: 18048,
    text: `defineJob({ ...parts, run: async ({ checkpoint }) => {
  void checkpoint‹?.|.›page;
} });`,
  },
  {
    what: "a checkpoint that is read as another",
    code: 2339,
    text: `defineJob({ ...parts, run: async ({ checkpoint }) => {
  void checkpoint?.‹page|line›;
} });`,
  },
  {
    what: "a row with a value that is no JSON",
    code: 2322,
    text: `defineJob({ ...parts, run: async ({ emit }) => {
  await emit([{ fields: { at: new Date()‹.toISOString()|› } }], { page: 1 });
} });`,
  },
  {
    what: "choices of an export for a field that is not configured",
    code: 2322,
    text: `defineExport({ ...outParts, choices: {
  ‹list|liste›: { load: none },
} });`,
  },
  {
    what: "an audience in a field that is not configured",
    code: 2820,
    text: `defineExport({ ...outParts,
  sources: { audience: ‹"audience"|"audienc"› },
});`,
  },
  {
    what: "an export whose source reads a key that is not configured",
    code: 2551,
    text: `defineExport({ ...outParts,
  from: (config) => ({ audience: config.‹audience|audienc› }),
});`,
  },
  {
    what: "an export that commits a checkpoint of another form",
    code: 2322,
    text: `defineExport({ ...outParts, run: async ({ commit }) => {
  await commit({ after: ‹1|"1"› });
} });`,
  },
  {
    what: "an export that uses what its connection does not have",
    code: 2339,
    text: `defineExport({ ...outParts, run: async ({ connection }) => {
  await connection.‹rows("a")|visitors›;
} });`,
  },
  {
    what: "a connection used for what its auth does not give",
    code: 2339,
    text: `defineJob({ ...parts, run: async ({ connection }) => {
  await connection.‹rows("a")|visitors›;
} });`,
  },
  {
    what: "a connection of two auths used for what only one gives",
    code: 2339,
    text: `defineJob({ ...parts, auths: [key, open], run: async ({ connection }) => {
  void ‹("visitors" in connection && connection.visitors)|connection.visitors›;
} });`,
  },
  {
    what: "an auth whose connection cannot be closed",
    code: 2322,
    text: `defineAuth({ ...described, id: "a", config: z.object({}), check: none,
  connect: async () => ({ a: 1‹, [Symbol.asyncDispose]: async () => {}|› }),
});`,
  },
  {
    what: "an auth that reads a key that is not configured",
    code: 2551,
    text:
      `defineAuth({ ...described, id: "a", config: z.object({ host: z.string() }), check: none, connect: async ({ config }) => {
  return { at: config.‹host|hosts›, [Symbol.asyncDispose]: async () => {} };
} });`,
  },
  {
    what: "a check that uses what its connection does not have",
    code: 2551,
    text: `defineAuth({ ...described, id: "a", config: z.object({}),
  connect: async () => ({ count: 1, [Symbol.asyncDispose]: async () => {} }),
  check: async function* (connection) {
    yield { name: "count", ok: true, detail: String(connection.‹count|counts›) };
  },
});`,
  },
  {
    what: "what is said of a field in a word that there is not",
    code: 2561,
    text: `z.string().meta({
  ‹secret|secrets›: true,
} satisfies FieldMeta);`,
  },
  {
    what: "a plugin for another version of the contract",
    code: 2322,
    text: `definePlugin({ name: "acme", version: "1.0.0", jobs: [good],
  api: ‹1|2›,
});`,
  },
  {
    what: "a test that runs a job with a key that is not configured",
    code: 2353,
    text: `runJob(good, { connection, config: {
  list: "a", stream: "s"‹|, sice: 7›,
} });`,
  },
  {
    what: "a test that runs a job on another connection",
    code: 2741,
    text: `runJob(good, { config: { list: "a", stream: "s" },
  connection: ‹connection|{ [Symbol.asyncDispose]: async () => {} }›,
});`,
  },
  {
    what: "a test that resumes a job from a checkpoint of another form",
    code: 2353,
    text: `runJob(good, { connection, config: { list: "a", stream: "s" },
  checkpoint: { ‹page|line›: 1 },
});`,
  },
];

/** The text with or without its mistake, and the line in which that stands, from 1. */
function twin({ text, later = 0 }: Mistake, wrong: boolean): { readonly text: string; readonly line: number } {
  const whole = PRELUDE + text;
  const line = whole.slice(0, whole.indexOf("‹")).split("\n").length + later;
  return { text: whole.replace(/‹([^|]*)\|([^›]*)›/, wrong ? "$2" : "$1"), line };
}

/** What the compiler says of files, by name: a code and a line each. */
async function compile(files: Readonly<Record<string, string>>): Promise<Map<string, string[]>> {
  await using folder = await temporaryFolder();
  for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(join(folder.path, name), text);
  const { stderr } = await new Deno.Command("deno", {
    args: ["check", "--no-lock", "--config", join(ROOT, "deno.json"), ...Object.keys(files)],
    cwd: folder.path,
    env: { NO_COLOR: "1" },
  }).output();
  const said = new Map<string, string[]>();
  for (const [, code, place] of new TextDecoder().decode(stderr).matchAll(/^TS(\d+) \[ERROR\][^]*?^ {4}at (\S+)$/gm)) {
    const [, path = "", line] = /^(.*):(\d+):\d+$/.exec(place ?? "") ?? [];
    const name = basename(path);
    said.set(name, [...said.get(name) ?? [], `TS${code} in line ${line}`]);
  }
  return said;
}

Deno.test("each mistake of a plugin author is an error where it is made, and the same code without it is none", async (t) => {
  const files: Record<string, string> = {};
  for (const [index, mistake] of MISTAKES.entries()) {
    files[`right_${index}.ts`] = twin(mistake, false).text;
    files[`wrong_${index}.ts`] = twin(mistake, true).text;
  }
  const said = await compile(files);
  for (const [index, mistake] of MISTAKES.entries()) {
    await t.step(mistake.what, () => {
      assert.deepEqual(said.get(`right_${index}.ts`) ?? [], []);
      assert.deepEqual(said.get(`wrong_${index}.ts`), [`TS${mistake.code} in line ${twin(mistake, true).line}`]);
    });
  }
});
