/**
 * Why a plugin module did not load, and what to do about it.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";

/** Deno's words for what keeps a module from loading, and what its reader can do. The first that fits counts. */
const HINTS: readonly (readonly [RegExp, string])[] = [
  [/--allow-import/, "Grant it to the task that starts Waybill, or keep a copy of the module and name its path"],
  [/^Requires \S+ access/, "The plugin asks for it while it loads; grant it to the task that starts Waybill"],
  [/npm package .* does not exist|Could not find npm package/, "Check the package's name and version"],
  [
    /not a dependency and not in import map|not in import map|Relative import path/,
    "A path starts with ./ or /, a package with npm: or jsr:; a plugin's own imports may be @waybill/waybill, zod, " +
    "files beside it, and npm:name@version",
  ],
  [
    /^Module not found|Cannot find module|Unable to load|ERR_MODULE_NOT_FOUND/,
    "An import of the plugin's leads nowhere",
  ],
  [
    /failed to load|^Import '.*' failed|error sending request|dns error/i,
    "Check the name, and that this machine reaches it",
  ],
  [/^The module's source code could not be parsed|^Expected |SyntaxError/, "The plugin is not valid TypeScript"],
];

/** The Failure `config` of a module that did not load. */
export function importFailure(specifier: string, error: unknown): Failure {
  const thrown = error instanceof Error ? error.message : String(error);
  const reason = firstLine(thrown) || "it threw something without a message";
  const hint = error instanceof Failure && error.hint !== undefined
    ? error.hint
    : HINTS.find(([words]) => words.test(thrown))?.[1] ??
      "The plugin threw while it was loaded; its author can mend that";
  return new Failure("config", `Plugin "${specifier}" could not be loaded: ${reason}`, { hint, cause: error });
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? text;
}
