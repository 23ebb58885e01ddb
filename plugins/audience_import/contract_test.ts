import { memoryStore } from "@waybill/waybill/files";
import { jobContract } from "@waybill/waybill/testing";
import { silentStore } from "../file_service/imports/imports_testing.ts";
import { audienceImport } from "./mod.ts";
import { run } from "./run.ts";

/** Good lines, bad ones in the middle and at the end, blank ones. */
const FILE = '{"customer_id":"a"}\n{"customer_id":2}\n\n{"customer_id":\n{"id":"c"}\n{"customer_id":"é"}\n' +
  '{"x":1,"customer_id":"d"}\n{"customer_id":"e"}\n[7]\n';

/** Two lines at a time, so that a small file has many positions. */
const smallBatches = { ...audienceImport, run: (context: Parameters<typeof run>[0]) => run(context, 2) };

jobContract(smallBatches, {
  config: { app_id: "weather", audience_name: "newsletter", file: "ids.jsonl" },
  connect: async () => ({ files: memoryStore({ "ids.jsonl": FILE }) }),
  silent: async () => silentStore("ids.jsonl", FILE),
  notSecret: ["host_key", "public_key", "access_key_id"],
});
