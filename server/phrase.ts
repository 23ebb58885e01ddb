/**
 * What the engine says in the command line's words, in those of the HTTP API.
 *
 * The engine, and plugins, name what to do next as a command of the command line: `waybill run retry ID`, in backticks
 * within a sentence. The command line makes of it what its user has to type; this makes of it the request to send.
 *
 * @module
 */

/** Requests by command; `{}` is its argument. */
export const REQUESTS: Readonly<Record<string, string>> = {
  "apikey list": "GET /api/apikey",
  "app list": "GET /api/app",
  "account set": "PUT /api/account/settings",
  "account show": "GET /api/account",
  "artifact list": "GET /api/artifact",
  "artifact revoke": "DELETE /api/artifact/{}",
  "artifact show": "GET /api/artifact/{}",
  "audience create": "POST /api/audience",
  "audience list": "GET /api/audience",
  "auth check": "POST /api/auth/{}/check",
  "auth trust-host-key": "POST /api/auth/{}/trust-host-key",
  "erasure list": "GET /api/erasure",
  "export enable": "POST /api/export",
  "export key": "GET /api/export/key",
  "export list": "GET /api/export",
  "job plan": "POST /api/job/{}/plan",
  "job resume": "POST /api/job/{}/resume",
  "job update": "PUT /api/job/{}",
  "mapping create": "POST /api/mapping",
  "mapping list": "GET /api/mapping",
  "mapping suggest": "POST /api/mapping/suggest",
  "mapping update": "PUT /api/mapping/{}",
  "run approve": "POST /api/run/{}/approve",
  "run list": "GET /api/run",
  "run rejects": "GET /api/run/{}/rejects",
  "run result": "POST /api/run/{}/result",
  "run retry": "POST /api/run/{}/retry",
  "run show": "GET /api/run/{}",
  "run stop": "POST /api/run/{}/stop",
  "sftp sessions": "GET /api/sftp/session",
  "stream list": "GET /api/stream",
  "table crowded": "GET /api/table/{}/crowded",
  "table fields": "GET /api/table/{}/fields",
  "table list": "GET /api/table",
  "token create": "POST /api/auth/createtoken",
  "token list": "GET /api/token",
};

/** Fields of bodies that a command's argument is, by command. */
const ARGUMENTS: Readonly<Record<string, string>> = { "export enable": "type", "mapping suggest": "stream" };

/** What a flag's file holds is a field of the body by itself, by command. */
const FILES: Readonly<Record<string, string>> = { "mapping create": "lql" };

/**
 * A text for callers of the API: `POST /api/run/ID/retry` for `waybill run retry ID`, flags as its JSON body. A command
 * that the API has no request for stays, and the text says where it is to be typed.
 */
export function phrase(text: string): string {
  return text.replace(/`waybill ([^`]+)`/g, (_, words: string) => {
    const request = requestFor(words);
    return request === undefined ? `\`waybill ${words}\` (on the server's machine)` : `\`${request}\``;
  });
}

/** A next step, which is a command and nothing else, as a request; null where the API has none. */
export function phraseStep(step: string): string | null {
  return requestFor(step.replace(/^waybill /, "")) ?? null;
}

/** What users named the fields of: a profile may have a `hint` of its own. */
const OWN_NAMES: ReadonlySet<string> = new Set(["attributes", "config", "detail", "facts", "identities"]);

/**
 * For one call of `JSON.stringify`: phrases what to do (`hint`, `next_step`), wherever it stands, and what a list of
 * `notes` says; but for what is in fields that users named.
 */
export function phrasing(): (this: unknown, key: string, value: unknown) => unknown {
  const own = new WeakSet<object>();
  return function (this, key, value) {
    if (own.has(this as object) || OWN_NAMES.has(key)) {
      if (typeof value === "object" && value !== null) own.add(value);
      return value;
    }
    if (key === "notes" && Array.isArray(value)) {
      return value.map((note) => typeof note === "string" ? phrase(note) : note);
    }
    if (typeof value !== "string") return value;
    if (key === "hint") return phrase(value);
    return key === "next_step" ? phraseStep(value) : value;
  };
}

function requestFor(command: string): string | undefined {
  const [noun = "", verb = "", ...rest] = wordsOf(command);
  const request = REQUESTS[`${noun} ${verb}`];
  if (request === undefined) return undefined;
  const flags = rest.findIndex((word) => word.startsWith("--"));
  const [argument = "ID"] = flags === 0 ? [] : rest;
  const path = request.replace("{}", () => encodeURIComponent(argument));
  const field = ARGUMENTS[`${noun} ${verb}`];
  const body: Record<string, string | true> = field === undefined || rest.length === 0 ? {} : { [field]: argument };
  for (const [at, word] of rest.entries()) {
    if (!word.startsWith("--")) continue;
    const value = rest[at + 1], content = FILES[`${noun} ${verb}`];
    if (word === "--file" && content !== undefined) body[content] = "…";
    else body[word.slice(2).replaceAll("-", "_")] = value === undefined || value.startsWith("--") ? true : value;
  }
  return Object.keys(body).length === 0 ? path : `${path} ${JSON.stringify(body)}`;
}

/** The words of a command, quoted as a POSIX shell has them. */
function wordsOf(command: string): string[] {
  const words = command.match(/(?:'[^']*'|\\.|[^\s'\\])+/g) ?? [];
  return words.map((word) =>
    word.replace(/'([^']*)'|\\(.)/g, (_, quoted?: string, escaped?: string) => quoted ?? escaped ?? "")
  );
}
