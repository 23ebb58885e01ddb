import { memoryStore } from "@waybill/waybill/files";
import { jobContract } from "@waybill/waybill/testing";
import { silentStore } from "../file_service/imports/imports_testing.ts";
import { jsonImport } from "./mod.ts";
import { run } from "./run.ts";

/** Nested values, blank and bad lines in the middle and at the end, and timestamps. */
const FILE = '{"id":1,"name":"Ann","at":"2026-03-01"}\n{"id":2,"tags":["a",{"b":null}]}\n\n{"id":3\n' +
  '{"id":4,"at":"never"}\n{"id":12345678901234567890}\n{"id":6,"at":1772323200}\n[7]\n';

/** Two lines at a time, so that a small file has many checkpoints. */
const smallBatches = { ...jsonImport, run: (context: Parameters<typeof run>[0]) => run(context, 2) };

jobContract(smallBatches, {
  config: { stream: "people", file: "people.jsonl", timestamp_field: "at" },
  connect: async () => ({ files: memoryStore({ "people.jsonl": FILE }) }),
  silent: async () => silentStore("people.jsonl", FILE),
  notSecret: ["host_key", "public_key", "access_key_id"],
});
