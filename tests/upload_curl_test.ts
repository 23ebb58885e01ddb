/** What docs/http-api.md tells a vendor to type, typed. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { requirePeer } from "@waybill/waybill/testing";
import { openTestServer } from "../server/server_testing.ts";
import { temporaryFolder } from "./support/home.ts";

const CURL = "/usr/bin/curl";

/** The commands of a section's shell blocks, a list of words each, with variables put in. */
function commands(page: string, heading: string, variables: Readonly<Record<string, string>>): string[][] {
  const section = page.slice(page.indexOf(`\n## ${heading}\n`)).slice(1).split(/\n## /)[0] ?? "";
  const shell = [...section.matchAll(/```sh\n([^]*?)```/g)].map(([, text = ""]) => text.replaceAll("\\\n", " ")).join(
    "",
  );
  return shell.trim().split("\n").map((line) =>
    [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, open, closed, bare]) =>
      (open ?? bare)?.replaceAll(/\$(\w+)/g, (_, name: string) => variables[name] ?? assert.fail(name)) ?? closed ?? ""
    )
  );
}

Deno.test({
  name: "the curl calls of docs/http-api.md upload files",
  ignore: !requirePeer("curl", CURL),
  fn: async () => {
    await using folder = await temporaryFolder();
    await Deno.writeTextFile(
      join(folder.path, "customers.csv"),
      "customer_id,email,updated_at\nC1,ann@example.com,2026-03-01\nC2,bo@example.com,2026-03-01\n",
    );
    const records = new Uint8Array(gzipSync('{"customer_id":"C2","tags":["vip"]}\n{"customer_id":"C3"}\n'));
    await Deno.writeFile(join(folder.path, "customers.jsonl.gz"), records);
    await using server = await openTestServer({ runner: "serve" });
    await using listening = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, server.app.fetch);
    const { token } = await server.runtime.tokens.create({ scopes: ["data_write"] });
    const page = await Deno.readTextFile(new URL("../docs/http-api.md", import.meta.url));
    const calls = commands(page, "Uploads", {
      WAYBILL_TOKEN: token,
      WAYBILL_URL: `http://127.0.0.1:${listening.addr.port}`,
    });
    assert.equal(calls.length, 2);
    for (const [program, ...args] of calls) {
      assert.equal(program, "curl");
      const call = { args: ["-sS", "-w", "\n%{http_code}", ...args], cwd: folder.path, clearEnv: true };
      const { stdout, stderr } = await new Deno.Command(CURL, call).output();
      const [body = "", status] = new TextDecoder().decode(stdout).split(/\n(?=\d+$)/);
      assert.equal(status, "202", body + new TextDecoder().decode(stderr));
      const { id } = JSON.parse(body).data;
      let last: string | undefined;
      for await (const run of server.runtime.runs.follow(id, { signal: AbortSignal.timeout(240_000) })) {
        last = run.status;
      }
      assert.equal(last, "succeeded");
    }
    assert.equal((await server.runtime.streams.get("customers")).events, 4);
    const { attributes } = await server.runtime.profiles.get("email", "bo@example.com");
    assert.deepEqual([attributes["customer_id"], attributes["tags"]], ["C2", ["vip"]]);
  },
});
