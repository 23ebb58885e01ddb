import { memoryStore } from "@waybill/waybill/files";
import { exportContract } from "@waybill/waybill/testing";
import { audienceExport } from "./mod.ts";

exportContract(audienceExport, {
  config: { audience: "people", identifier_type: "email" },
  members: [{ email: "ann@example.com" }, { email: 'b"o@example.com' }, { email: "éve@example.com" }, { email: 7 }, {
    name: "Zoë",
    email: "zoe@example.com",
  }],
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
