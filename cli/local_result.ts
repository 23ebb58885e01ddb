/**
 * What a run without an auth exported: a file of this machine, standard output, or a link.
 *
 * @module
 */
import { dirname, resolve } from "node:path";
import { Failure } from "../core/contracts/failure.ts";
import type { RunView } from "../core/engine/views.ts";
import type { App } from "./app.ts";
import type { Arguments } from "./args.ts";
import { reportRunFailure } from "./errors.ts";
import { followRun, pasteable, reportRun } from "./follow.ts";
import { count, visible } from "./format.ts";
import { type Target, targetInput } from "./job_target.ts";
import { UsageError } from "./usage.ts";

/** Standard output. */
const STDOUT = "-";

/** Whether the run of a job type keeps its file for whoever asks for it: it has no auth, and needs none. */
export function givesResult({ type, job }: Target, args: Arguments): boolean {
  return type.direction === "export" && type.resultFile !== undefined && job === undefined &&
    args.value("auth") === undefined;
}

/** Runs it, and writes its file to where the command line says; where it says nothing, prints a link. */
export async function runForResult(app: App, target: Target, args: Arguments): Promise<number> {
  const { type } = target;
  const key = type.direction === "export" ? type.resultFile ?? "" : "";
  const { [key]: path, ...config } = (await targetInput(app, target, args)).config ?? {};
  const place = typeof path === "string" ? path : undefined;
  if (place !== undefined) await checkPlace(app, place);
  const { runs } = await app.runtime();
  const run = await followRun(app, await runs.start({ type: type.id, config }));
  if (run.status === "succeeded") return await giveResult(app, run, place);
  // Whoever reads standard output waits for the file, and for nothing else.
  if (place === STDOUT && run.failure !== null) return reportRunFailure(app.out, run.failure, app);
  return await reportRun(app, run);
}

/** Refuses, before anything is done, what cannot be written to. */
export async function checkPlace({ out }: App, path: string): Promise<void> {
  if (path === STDOUT) {
    if (out.json) throw new UsageError("--output - and --json do not go together", "Name a file");
    return;
  }
  const folder = await Deno.stat(dirname(path)).catch(() => undefined);
  if (folder?.isDirectory !== true) {
    throw new Failure("config", `Folder "${dirname(path)}" does not exist`, { hint: "Make it, or check the path" });
  }
  const there = await Deno.stat(path).catch(() => undefined);
  if (there?.isDirectory === true || path.endsWith("/")) {
    throw new Failure("config", `"${path}" is a folder`, { hint: "Name a file in it" });
  }
  if (there?.isFile === false) {
    throw new Failure("config", `"${path}" is no file, but a device or a pipe`, {
      hint: "Name a file, or `-` for standard output",
    });
  }
}

/** Writes the file of a run that succeeded, all of it or nothing, and removes what was kept of it; or prints a link to it. */
export async function giveResult(app: App, run: RunView, path: string | undefined): Promise<number> {
  const { artifacts } = await app.runtime();
  if (path === undefined) return await printLink(app, run);
  const { id, content } = await artifacts.openResult(run.id);
  if (path === STDOUT) {
    for await (const chunk of content) app.out.stdout.write(chunk);
  } else {
    const { localStore } = await import("../core/files/local.ts");
    // By its whole path, so that failures name it.
    await localStore({ root: dirname(path) }).write(resolve(path), content, { owner: run.id, makeFolders: false });
  }
  await artifacts.revoke(id);
  if (path !== STDOUT) return await reportRun(app, { ...run, path });
  app.out.note(`Run ${run.id}: ${count(run.rows)} rows`);
  for (const note of run.notes) app.out.note(app.phrase(visible(note)));
  return 0;
}

async function printLink(app: App, run: RunView): Promise<number> {
  const { out } = app;
  const { url, expires_at, notes } = await (await app.runtime()).artifacts.linkResult(run.id);
  if (out.json) {
    out.value({ ...pasteable(app, run), url, expires_at });
    return 0;
  }
  await reportRun(app, run, { withoutNext: true });
  out.line();
  out.line(url);
  out.note(`Good until ${expires_at}; whoever has it can fetch the file`);
  for (const note of notes) out.note(app.phrase(note));
  out.next([app.command("run", "result", run.id, "--output", "FILE")]);
  return 0;
}
