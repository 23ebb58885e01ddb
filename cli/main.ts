/**
 * The command line: `deno task waybill NOUN VERB …`.
 *
 * @module
 */
import { runProcess } from "./process.ts";

if (import.meta.main) await runProcess(Deno.args, import.meta.resolve("../plugins/mod.ts"));
