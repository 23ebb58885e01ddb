/**
 * `export enable|disable|list|show|verify|key`
 *
 * @module
 */
import { basename, dirname } from "node:path";
import type { ExportManifest, ManifestCheck } from "../../core/codecs/manifest/mod.ts";
import { Failure, FAILURE_HANDLING } from "../../core/contracts/failure.ts";
import type { App } from "../app.ts";
import type { Command, Noun } from "../command.ts";
import { disable, enable, list, show } from "./enabled_exports.ts";

const verify: Command = {
  summary: "Compares an exported file with its manifest; exit code 5 where they differ",
  args: [{ name: "FILE" }],
  flags: [
    { name: "manifest", kind: "value", value: "PATH", help: "The manifest [default: FILE.manifest.json]" },
    {
      name: "public-key",
      kind: "value",
      value: "KEY",
      help: "Key that it has to be signed for, as `export key` prints it [default: that of this Waybill]",
    },
  ],
  examples: ["export verify newsletter.csv.gz --public-key 11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="],
  run: async (app, args) => {
    const [file = ""] = args.words;
    const { localStore } = await import("../../core/files/local.ts");
    const { folderSpool } = await import("../../core/codecs/spool.ts");
    const { manifestName, verifyExport } = await import("../../core/codecs/manifest/mod.ts");
    const files = localStore({ root: dirname(file) });
    // A file that is missing is told before its manifest, which is missing then, too.
    await files.stat(basename(file));
    const given = args.value("manifest");
    const manifest = given === undefined ? await besideIt(file, manifestName(file)) : await readManifest(given);
    const publicKey = args.value("public-key") ?? (await (await app.runtime()).exports.key()).public_key;
    const checks = await verifyExport({
      manifest,
      publicKey,
      files,
      path: basename(file),
      spool: folderSpool(Deno.env.get("TMPDIR") || "/tmp"),
    });
    return await report(app, { file, manifest, checks });
  },
};

/** The manifest that lies beside a file that is there. */
async function besideIt(file: string, path: string): Promise<ExportManifest> {
  try {
    return await readManifest(path);
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== "not_found") throw error;
    throw new Failure("config", `"${file}" has no manifest beside it`, {
      code: "not_found",
      hint: "Say where it is with `--manifest PATH`, or export with `--manifest`, which writes one",
      cause: error,
    });
  }
}

/** Reads it whole: it is small. */
async function readManifest(path: string): Promise<ExportManifest> {
  const { localStore } = await import("../../core/files/local.ts");
  const { parseManifest } = await import("../../core/codecs/manifest/mod.ts");
  const content = await localStore({ root: dirname(path) }).open(basename(path));
  return parseManifest(await new Response(content).bytes(), path);
}

interface Verdict {
  readonly file: string;
  readonly manifest: ExportManifest;
  readonly checks: readonly ManifestCheck[];
}

async function report({ out }: App, { file, manifest, checks }: Verdict): Promise<number> {
  const { visible } = await import("../format.ts");
  const ok = checks.every((check) => check.ok !== false);
  const exitCode = ok ? 0 : FAILURE_HANDLING.data.exitCode;
  out.goOnUnread();
  if (out.json) {
    out.value({ ok, file, checks, manifest });
    return exitCode;
  }
  const { audience, job, run, created_at } = manifest;
  out.pairs([
    ["audience", visible(`${audience.name} (${audience.slug})`)],
    ["job", job === null ? null : visible(`${job.label}, revision ${job.revision}`)],
    ["run", visible(run)],
    ["made", visible(created_at)],
  ]);
  out.line();
  const words = { true: "right", false: "wrong", null: "unknown" };
  out.table(["what", "is", "found"], checks.map((check) => [check.name, words[`${check.ok}`], visible(check.detail)]));
  out.note(ok ? `"${file}" is what its manifest says` : `"${file}" is not what its manifest says`);
  return exitCode;
}

const key: Command = {
  summary: "Prints the public key that this Waybill signs manifests for: give it to whoever gets the files",
  run: async (app) => {
    const found = await (await app.runtime()).exports.key();
    if (app.out.json) return app.out.value(found);
    app.out.line(found.public_key);
  },
};

/** Exports: those that may be fetched, and files that were written. */
export const exports: Noun = { verbs: { enable, disable, list, show, verify, key } };
