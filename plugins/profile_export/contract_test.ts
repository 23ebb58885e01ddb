import assert from "node:assert/strict";
import { memoryStore } from "@waybill/waybill/files";
import { exportContract, runExport } from "@waybill/waybill/testing";
import { profileExport } from "./mod.ts";

for (const job_type of ["profile", "profile_changes"] as const) {
  exportContract({ ...profileExport, title: `Profile export, ${job_type}` }, {
    config: { job_type },
    members: [{ name: "Ada" }, { name: "Bob" }, { name: "Eve, of Köln" }, {}, { name: "Zoë", tags: ["a"] }],
    destination: async () => {
      const files = memoryStore();
      return {
        connect: async () => ({ files }),
        delivered: async () => {
          const { entries } = await files.list("");
          return await Promise.all(
            entries.map(async ({ path }) => [path, await new Response(await files.open(path)).text()]),
          );
        },
      };
    },
    notSecret: ["host_key", "public_key", "access_key_id"],
  });
}

Deno.test("an attempt that finds the file written reads nothing: what it would read is of a later moment", async () => {
  const files = memoryStore();
  const checkpoint = { path: "changes.jsonl", written: { rows: 2, bytes: 20 } };
  const { finished, batches, commits } = await runExport(profileExport, {
    config: { job_type: "profile_changes" },
    connection: { files },
    members: [{ name: "Ada" }],
    checkpoint,
  });
  assert.deepEqual([finished, batches, commits], [true, 0, []]);
  assert.deepEqual((await files.list("")).entries, []);
});
