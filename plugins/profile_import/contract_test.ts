import { memoryStore } from "@waybill/waybill/files";
import { jobContract } from "@waybill/waybill/testing";
import { silentStore } from "../file_service/imports/imports_testing.ts";
import { profileImport } from "./mod.ts";
import { run } from "./run.ts";

/** Several changes in a row, nested values, and rows that cannot be read in the middle and at the end. */
const JSON_FILE = '{"customer_id":"a","changes":[{"op":"assign","attr":"plan","value":"gold"}]}\n' +
  '{"customer_id":"b","changes":[{"op":"set-add","attr":"tags","value":["x"]},{"op":"increment","attr":"n","value":1}]}\n' +
  '{"customer_id":"c"\n\n' +
  '{"changes":[{"op":"delete","attr":"plan"}], "customer_id": "a"}\n' +
  '{"customer_id":"d","changes":[{"op":"assign","attr":"address","value":{"city":["Bern"]}}]}\n[1]\n';

const CSV_FILE = 'id,plan,"na,me"\na,gold,"A\nnn"\nb,,\nc,"x" y,\nd,silver,D\ne,a,b,c\nf,,Fay\n';

/** Two rows at a time, so that a small file has many checkpoints. */
const smallBatches = { ...profileImport, run: (context: Parameters<typeof run>[0]) => run(context, 2) };
const notSecret = ["host_key", "public_key", "access_key_id"];

jobContract(smallBatches, {
  config: { file: "changes.jsonl" },
  connect: async () => ({ files: memoryStore({ "changes.jsonl": JSON_FILE }) }),
  silent: async () => silentStore("changes.jsonl", JSON_FILE),
  notSecret,
});

jobContract(smallBatches, {
  config: { file: "changes.csv", format: "csv" },
  connect: async () => ({ files: memoryStore({ "changes.csv": CSV_FILE }) }),
  silent: async () => silentStore("changes.csv", CSV_FILE),
  notSecret,
});
