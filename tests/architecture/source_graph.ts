/**
 * Reads which source file imports which, tests left out, from `deno info --json`.
 *
 * @module
 */

/** One import: of a file, a package or a built-in. Type-only imports count. */
export interface Edge {
  /** The importing file, from the repository's root. */
  readonly from: string;
  /** A file from the repository's root, `npm:name` or `node:name`. */
  readonly to: string;
  /** What the importing file wrote. */
  readonly specifier: string;
}

/** One source file. */
export interface SourceFile {
  /** Where it lies, from the repository's root. */
  readonly path: string;
  /** What it says. */
  readonly text: string;
}

/** The source files and their imports. */
export interface SourceGraph {
  /** Every file of the rooms that ship. */
  readonly files: readonly SourceFile[];
  /** Every import they make. */
  readonly edges: readonly Edge[];
  /** The files that somebody starts or imports from outside: exports of `deno.json` and programs. */
  readonly entryPoints: readonly string[];
}

/** The folders that ship. */
const ROOMS = ["core", "plugins", "server", "cli"];

/** Whether a file is a test (`x_test.ts`) or helps the tests beside it (`x_testing.ts`). */
export function isTest(path: string): boolean {
  return /_test(?:ing)?\.tsx?$/.test(path);
}

interface InfoModule {
  readonly specifier: string;
  readonly error?: string;
  readonly dependencies?: readonly {
    readonly specifier: string;
    readonly npmPackage?: string;
    readonly code?: { readonly specifier?: string; readonly error?: string };
    readonly type?: { readonly specifier?: string; readonly error?: string };
  }[];
}

/** Reads the repository at `root` (a `file:` URL that ends in a slash). Needs to read it and to run `deno`. */
export async function readSourceGraph(root: URL, programs: readonly string[]): Promise<SourceGraph> {
  const files: SourceFile[] = [];
  for (const path of ["mod.ts", ...ROOMS.flatMap((room) => [...sourcesIn(root, room)])].sort()) {
    files.push({ path, text: await Deno.readTextFile(new URL(path, root)) });
  }
  const modules = await denoInfo(root, files.map(({ path }) => path));
  const known = new Set(files.map(({ path }) => path));
  const edges = modules.flatMap((module) => {
    const from = pathOf(module.specifier, root);
    return known.has(from) ? edgesOf(module, from, root) : [];
  });
  const config: { exports: Record<string, string> } = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
  const exported = Object.values(config.exports).map((path) => path.replace(/^\.\//, ""));
  return { files, edges: [...edges, ...files.flatMap(urlEdges)], entryPoints: [...exported, ...programs] };
}

function* sourcesIn(root: URL, folder: string): Generator<string> {
  for (const entry of Deno.readDirSync(new URL(folder, root))) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) yield* sourcesIn(root, path);
    else if (/\.tsx?$/.test(path) && !isTest(path) && !path.endsWith(".d.ts")) yield path;
  }
}

/** Asks once for all files: a module that imports every one of them is the root of the graph. */
async function denoInfo(root: URL, paths: readonly string[]): Promise<readonly InfoModule[]> {
  const imports = paths.map((path) => `import ${JSON.stringify(new URL(path, root).href)};`).join("");
  const { success, stdout, stderr } = await new Deno.Command("deno", {
    args: ["info", "--json", `data:application/typescript,${encodeURIComponent(imports)}`],
    cwd: root,
  }).output();
  if (!success) throw new Error(`deno info failed: ${new TextDecoder().decode(stderr)}`);
  const info: { modules: readonly InfoModule[] } = JSON.parse(new TextDecoder().decode(stdout));
  const broken = info.modules.find(({ error }) => error !== undefined);
  if (broken !== undefined) throw new Error(`deno info cannot read "${broken.specifier}": ${broken.error}`);
  return info.modules;
}

function edgesOf(module: InfoModule, from: string, root: URL): Edge[] {
  return (module.dependencies ?? []).flatMap(({ specifier, code, type }) => {
    const error = code?.error ?? type?.error;
    if (error !== undefined) throw new Error(`"${from}" imports "${specifier}": ${error}`);
    const targets = [code?.specifier, type?.specifier].filter((target) => target !== undefined);
    return [...new Set(targets)].map((target) => ({ from, to: pathOf(target, root), specifier }));
  });
}

/** `file:` URLs below the root become paths, `npm:` specifiers lose their version. */
function pathOf(specifier: string, root: URL): string {
  if (specifier.startsWith(root.href)) return decodeURIComponent(specifier.slice(root.href.length));
  const npm = /^npm:\/?((?:@[^/]+\/)?[^/@]+)/.exec(specifier);
  return npm?.[1] === undefined ? specifier : `npm:${npm[1]}`;
}

/** Modules named by URL, as a Worker's is: `new URL("./worker.ts", import.meta.url)`. */
function urlEdges({ path, text }: SourceFile): Edge[] {
  const pattern = /(?:new URL|import\.meta\.resolve)\(\s*["'](\.{1,2}\/[^"']+\.tsx?)["']/g;
  return [...text.matchAll(pattern)].map(([, specifier = ""]) => ({
    from: path,
    to: new URL(specifier, `file:///${path}`).pathname.slice(1),
    specifier,
  }));
}
