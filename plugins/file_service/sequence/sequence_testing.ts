/**
 * A store whose clock and times are the test's, and a job type that imports the lines of files: for the tests of passes.
 *
 * @module
 */
import {
  defineJob,
  type FileEntry,
  type FileStore,
  type ImportContext,
  type Row,
  throwIfAborted,
} from "@waybill/waybill";
import { Failure } from "@waybill/waybill";
import { z } from "zod";
import { fileService, localFolder } from "../mod.ts";
import type { Clocks } from "./clocks.ts";
import { checkSequence, diffFields, importFiles, passCheckpoint, planFiles, sequenceFields } from "./mod.ts";

/** A file of a {@linkcode TestStore}. */
interface TestFile {
  readonly text: string;
  readonly modified: number;
}

/** A store with one folder, `in`, and one for what was moved, `done`. */
export class TestStore implements FileStore {
  /** By path. */
  readonly files = new Map<string, TestFile>();
  /** What was opened, in order. */
  readonly opened: string[] = [];
  /** Pages listed. */
  pages = 0;
  /** Called before each look at a file or folder. */
  before: (what: "list" | "stat" | "open", path: string) => void = () => {};

  put(path: string, text: string, modified = 1_000): void {
    this.files.set(path, { text, modified });
  }

  async list(folder: string, { cursor = "", limit = 1_000 } = {}) {
    this.before("list", folder);
    this.pages++;
    const names = [...this.files.keys()].filter((path) => path.startsWith(`${folder}/`))
      .map((path) => path.slice(folder.length + 1)).filter((name) => name > cursor).sort();
    const entries = names.slice(0, limit).map((name) => this.#entry(`${folder}/${name}`));
    const next = names.length > limit ? names[limit - 1] : undefined;
    return next === undefined ? { entries } : { entries, next };
  }

  async stat(path: string) {
    this.before("stat", path);
    return this.#entry(path);
  }

  async open(path: string, { offset = 0, version }: { offset?: number; version?: string } = {}) {
    this.before("open", path);
    const entry = this.#entry(path);
    if (version !== undefined && version !== entry.version) throw new Failure("data", `File "${path}" changed`);
    this.opened.push(path);
    const bytes = new TextEncoder().encode(this.files.get(path)?.text).slice(offset);
    return new ReadableStream<Uint8Array>({
      start(controller) {
        if (bytes.length > 0) controller.enqueue(bytes);
        controller.close();
      },
    });
  }

  write(): Promise<never> {
    return Promise.reject(new Error("Nothing is written"));
  }

  async remove(path: string) {
    this.#entry(path);
    this.files.delete(path);
  }

  async move(from: string, to: string) {
    const { text, modified } = this.#file(from);
    this.files.delete(from);
    this.put(to, text, modified);
  }

  #file(path: string): TestFile {
    const file = this.files.get(path);
    if (file !== undefined) return file;
    throw new Failure("config", `"${path}" does not exist`, { code: "not_found" });
  }

  #entry(path: string): FileEntry {
    const { text, modified } = this.#file(path);
    const size = new TextEncoder().encode(text).length;
    const name = path.slice(path.lastIndexOf("/") + 1);
    return { path, name, kind: "file", size, modified, version: `${size}-${modified}-${text}` };
  }
}

/** Clocks that move when somebody sleeps. */
export function testClocks(start = 1_000_000, slept: (now: number) => void = () => {}): Clocks & { time: number } {
  const clocks = {
    time: start,
    now: () => clocks.time,
    elapsed: () => clocks.time,
    sleep: async (milliseconds: number, signal: AbortSignal) => {
      throwIfAborted(signal);
      clocks.time += milliseconds;
      slept(clocks.time);
    },
  };
  return clocks;
}

const config = z.object({
  stream: z.string().default("s"),
  folder: z.string().default("in"),
  file: z.string().optional(),
  ...sequenceFields,
  ...diffFields,
});

const position = z.object({ line: z.int().min(0) });

type Config = z.output<typeof config>;

/** Hands over the lines of a file, two at a time; a line `!` is rejected. */
async function importLines(
  context: ImportContext<Config & { readonly file: string }, { readonly files: FileStore }, z.output<typeof position>>,
): Promise<void> {
  const { config: { folder, file }, connection: { files }, signal } = context;
  const path = `${folder}/${file}`;
  const { version } = await files.stat(path);
  const text = await new Response(await files.open(path, { version })).text();
  const lines = text.split("\n").slice(0, -1);
  for (let line = context.checkpoint?.line ?? 0; line < lines.length; line += 2) {
    throwIfAborted(signal);
    const rows: Row[] = [];
    for (const value of lines.slice(line, line + 2)) {
      if (value !== "!") rows.push({ fields: { value } });
      else {
        const raw = new TextEncoder().encode("!");
        await context.reject([{ line: line + 1, offset: 0, reason: "is no value", raw }]);
      }
    }
    await context.emit(rows, { line: line + 2 });
  }
}

/** The job type, by clocks and with a memory of a few files. */
export function linesImport(clocks: Clocks = testClocks(), batch = 3) {
  return defineJob({
    id: "lines-import",
    title: "Lines",
    summary: "Imports lines.",
    provider: fileService,
    direction: "import",
    auths: [localFolder],
    schedule: "optional",
    config,
    checkpoint: passCheckpoint(position),
    into: ({ stream }) => ({ stream, identifyBy: [] }),
    check: checkSequence,
    plan: (context) =>
      planFiles(context, async ({ config: { folder, file } }) => ({
        summary: `Would import "${folder}/${file}"`,
        facts: {},
        notes: [],
      })),
    run: (context) => importFiles(context, importLines, { clocks, batch }),
  });
}
