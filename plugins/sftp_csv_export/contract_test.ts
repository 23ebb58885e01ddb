import { memoryStore } from "@waybill/waybill/files";
import { exportContract } from "@waybill/waybill/testing";
import { sftpCsvExport } from "./mod.ts";

/** What a folder holds: the one file, and a manifest that tells the time at which it was made. */
const config = { audience: "everybody", compress: "gzip", timestamp_format: "YYYYMMDD", manifest: true } as const;

exportContract(sftpCsvExport, {
  config,
  members: [{ name: "Ada", tags: ["a", "b"] }, { name: "Bob" }, { name: "Eve, of Köln" }, { name: "" }, {
    name: "Zoë",
  }],
  destination: async () => {
    const files = memoryStore();
    return {
      connect: async () => ({ files }),
      delivered: async () => {
        const { entries } = await files.list("");
        return await Promise.all(entries.map(async ({ path }) => {
          const text = await new Response(await files.open(path)).text();
          return [path, text.replaceAll(/("(created_at|value)": )"[^"]*"/g, "$1…")];
        }));
      },
    };
  },
  notSecret: ["host_key", "public_key", "access_key_id"],
});
