/**
 * The server program: `deno task serve`, which is `waybill serve`.
 *
 * @module
 */
import { runProcess } from "../cli/process.ts";

if (import.meta.main) await runProcess(["serve", ...Deno.args], import.meta.resolve("../plugins/mod.ts"));
