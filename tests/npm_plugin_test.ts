/** A plugin that is a package: fetched from a registry on this machine by Deno itself, with what `waybill` is granted. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { temporaryFolder } from "./support/home.ts";
import { runCli } from "./support/waybill_process.ts";

const NAME = "@acme/waybill-acme";
const VERSION = "1.2.0";

/** A module that was built elsewhere: no types, and nothing imported from Waybill. */
const MODULE = `export const plugin = {
  name: "acme", version: "${VERSION}", api: 1,
  providers: [{ id: "acme", title: "Acme", summary: "A shop.", auths: [] }],
};
`;

/** One file of a tar archive (POSIX ustar). */
function tarEntry(path: string, text: string): Uint8Array<ArrayBuffer> {
  const body = new TextEncoder().encode(text);
  const entry = new Uint8Array(512 + 512 * Math.ceil(body.length / 512));
  const put = (offset: number, field: string) => entry.set(new TextEncoder().encode(field), offset);
  put(0, path);
  put(100, "0000644\0");
  put(124, `${body.length.toString(8).padStart(11, "0")}\0`);
  put(136, "00000000000\0");
  put(148, " ".repeat(8));
  put(156, "0");
  put(257, "ustar\0" + "00");
  const sum = entry.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  put(148, `${sum.toString(8).padStart(6, "0")}\0 `);
  entry.set(body, 512);
  return entry;
}

async function packageArchive(): Promise<Uint8Array<ArrayBuffer>> {
  const manifest = JSON.stringify({ name: NAME, version: VERSION, type: "module", exports: "./mod.js" });
  const files = [tarEntry("package/package.json", manifest), tarEntry("package/mod.js", MODULE), new Uint8Array(1024)];
  return new Uint8Array(gzipSync(await new Blob(files).bytes()));
}

/** Where Deno keeps what it fetched. Its own packages must be there: only the plugin comes from this test's registry. */
async function denoCache(): Promise<{ readonly denoDir: string; readonly npmCache: string }> {
  const { stdout } = await new Deno.Command("deno", { args: ["info", "--json"] }).output();
  return JSON.parse(new TextDecoder().decode(stdout));
}

Deno.test("a package is loaded by its npm: specifier, from the command line and from waybill.json", async () => {
  await using folder = await temporaryFolder();
  const archive = await packageArchive();
  const integrity = `sha512-${createHash("sha512").update(archive).digest("base64")}`;
  const asked: string[] = [];
  await using registry = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const { origin, pathname } = new URL(request.url);
    asked.push(decodeURIComponent(pathname));
    if (pathname === "/acme.tgz") return new Response(archive);
    if (decodeURIComponent(pathname) !== `/${NAME}`) return new Response(null, { status: 404 });
    const version = { name: NAME, version: VERSION, dist: { tarball: `${origin}/acme.tgz`, integrity } };
    return Response.json({ name: NAME, "dist-tags": { latest: VERSION }, versions: { [VERSION]: version } });
  });
  await Deno.writeTextFile(join(folder.path, ".npmrc"), `@acme:registry=http://127.0.0.1:${registry.addr.port}/\n`);
  const { denoDir, npmCache } = await denoCache();
  await using cleanUp = new AsyncDisposableStack();
  // The cache has a folder for each registry, called by its port where it has one.
  cleanUp.defer(() => Deno.remove(join(npmCache, String(registry.addr.port)), { recursive: true }));
  const env = { HOME: folder.path, DENO_DIR: denoDir };
  const home = join(folder.path, "home");
  const cli = (...args: string[]) => runCli(home, args, { env, denoFlags: ["--no-lock"] });

  const named = await cli("provider", "show", "acme", "--plugin", `npm:${NAME}@${VERSION}`);
  assert.equal(named.code, 0, named.stderr);
  assert.match(named.stdout, /A shop\./);
  assert.deepEqual(asked, [`/${NAME}`, "/acme.tgz"]);

  await Deno.mkdir(home, { recursive: true });
  const plugins = [`npm:${NAME}@${VERSION}`];
  await Deno.writeTextFile(join(home, "waybill.json"), JSON.stringify({ plugins }));
  const configured = await cli("provider", "list", "--json");
  assert.equal(configured.code, 0, configured.stderr);
  assert.deepEqual(JSON.parse(configured.stdout).map(({ id }: { id: string }) => id), ["file-service", "bulk", "acme"]);
  assert.equal(asked.length, 2, "a package that is there is not fetched again");

  const missing = await cli("provider", "list", "--plugin", "npm:@acme/none@1.0.0");
  assert.equal(missing.code, 3);
  assert.match(missing.stderr, /error: Plugin "npm:@acme\/none@1\.0\.0" could not be loaded: .*does not exist/);
  assert.match(missing.stderr, /hint: Check the package's name and version/);
});
