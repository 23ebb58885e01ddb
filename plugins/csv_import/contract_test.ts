import { memoryStore } from "@waybill/waybill/files";
import { jobContract } from "@waybill/waybill/testing";
import { silentStore } from "../file_service/imports/imports_testing.ts";
import { csvImport } from "./mod.ts";
import { run } from "./run.ts";

/** Quoted line breaks, rows that are rejected in the middle and at the end, and timestamps. */
const FILE = "id,name,at\n" +
  '1,Ann,2026-03-01\n2,"B\no",\n3,"C" x,2026-03-02\n4,Dee,never\n5,Eve,2026-03-03\n6,Fay,2026-03-04\n7,a,b,c,d\n';

/** Two rows at a time, so that a small file has many checkpoints. */
const smallBatches = { ...csvImport, run: (context: Parameters<typeof run>[0]) => run(context, 2) };

jobContract(smallBatches, {
  config: { stream: "people", file: "people.csv", timestamps: ["at"] },
  connect: async () => ({ files: memoryStore({ "people.csv": FILE }) }),
  silent: async () => silentStore("people.csv", FILE),
  notSecret: ["host_key", "public_key", "access_key_id"],
});
