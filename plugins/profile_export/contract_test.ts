import { memoryStore } from "@waybill/waybill/files";
import { exportContract } from "@waybill/waybill/testing";
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
