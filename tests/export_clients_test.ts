/** The documented calls of audience and profile exports, made by curl: host, key and ids alone are others. */
import assert from "node:assert/strict";
import { requirePeer } from "@waybill/waybill/testing";
import { openExportServer } from "../server/bulk/exports_testing.ts";

const CURL = "/usr/bin/curl";

Deno.test({
  name: "the documented curl calls of audience and profile exports work",
  ignore: !requirePeer("curl", CURL),
  fn: async () => {
    await using it = await openExportServer();
    const { server, audience, table } = it;
    await using http = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, server.app.fetch);
    const base = `http://${server.api_key}:${server.api_secret}@127.0.0.1:${http.addr.port}`;
    const curl = async (...args: string[]) => {
      const { stdout } = await new Deno.Command(CURL, { args: ["-sS", ...args], clearEnv: true }).output();
      return new TextDecoder().decode(stdout);
    };
    await server.runtime.enabledExports.enable({
      type: "audience-export",
      audience: "letters",
      identifier_type: "idfa",
    });
    await server.runtime.enabledExports.enable({ type: "profile-export", table: "user", job_type: "profile_changes" });
    const paths = [
      [`/v1/exports/audiences/${audience}/idfa`, "audience-export"],
      [`/v1/exports/profiles/${table}/profile_changes`, "profile-export"],
    ] as const;
    for (const [path, type] of paths) {
      await curl("-L", base + path);
      await it.ended(type, 1);
    }
    assert.equal(await curl("-L", base + paths[0][0]), '{"IDFA":"E751D492"}\n');
    const changes = (await curl("-L", base + paths[1][0])).split("\n").slice(0, -1).map((line) => JSON.parse(line));
    assert.deepEqual(changes.map(({ profile }) => [profile["_ll.raw_customer_id"], profile.profiledb_id]), [
      ["a", table],
      ["b", table],
      ["c", table],
    ]);
    const headers = await curl("-i", base + paths[0][0]);
    assert.match(headers, /^HTTP\/1\.1 302 Found\r\n/);
    assert.match(headers, /\r\ncontent-length: 0\r\n/i);
    assert.match(headers, /\r\nlocation: http:\/\/127\.0\.0\.1/i);
    for (const kind of ["audiences", "profiles"]) {
      assert.equal(JSON.parse(await curl(`${base}/v1/exports/${kind}`)).length, 1);
    }
  },
});
