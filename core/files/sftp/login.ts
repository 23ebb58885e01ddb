/**
 * The ways to log in, one after another, and what to say when the server takes none of them.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { Failure } from "../../contracts/failure.ts";
import { serverName } from "../dial.ts";
import type { SftpSettings } from "./options.ts";
import type { AuthenticationType, LoginAttempt, ParsedKey } from "./ssh2_types.ts";

/** What each way is called in messages: by what the user gave for it. */
const GIVEN: Readonly<Partial<Record<AuthenticationType, string>>> = {
  publickey: "private key",
  password: "password",
  "keyboard-interactive": "password",
};

/** One login: key, then password, among the ways that the server still takes. */
export class LoginMethods {
  readonly #settings: SftpSettings;
  readonly #key: ParsedKey | undefined;
  readonly #untried = new Set<AuthenticationType>();
  readonly #tried: AuthenticationType[] = [];
  /** What the server took, and wants more than. */
  readonly #passed: AuthenticationType[] = [];
  /** What the server takes now. */
  #left: readonly AuthenticationType[] = [];

  /** Takes the credentials; `key` is the private key as it was read. */
  constructor(settings: SftpSettings, key: ParsedKey | undefined) {
    this.#settings = settings;
    this.#key = key;
    if (key !== undefined) this.#untried.add("publickey");
    if (settings.password) this.#untried.add("password").add("keyboard-interactive");
  }

  /** The next try; undefined when there is none left. `left` and `partial` as RFC 4252, section 5.1, has them. */
  next(left: readonly AuthenticationType[] | null, partial: boolean): LoginAttempt | undefined {
    const { username, password = "" } = this.#settings;
    // The first question is always "none": its refusal tells what the server takes.
    if (left === null) return { type: "none", username };
    const last = this.#tried.at(-1);
    if (partial && last !== undefined) this.#passed.push(last);
    this.#left = left;
    const type = [...this.#untried].find((method) => left.includes(method));
    if (type === undefined) return undefined;
    this.#untried.delete(type);
    this.#tried.push(type);
    if (type === "publickey" && this.#key !== undefined) return { type, username, key: this.#key };
    if (type === "password") return { type, username, password };
    let asked = false;
    return {
      type: "keyboard-interactive",
      username,
      prompt: (_name, _instructions, _language, prompts, finish) => {
        // The password answers the first hidden question only: a second one asks for something else.
        finish(prompts.map(({ echo }) => {
          const answer = echo || asked ? "" : password;
          asked ||= !echo;
          return answer;
        }));
      },
    };
  }

  /** The Failure `auth` of a login that the server refused: what was tried, what the server takes, what to do. */
  refused(): Failure {
    const settings = this.#settings;
    const said = `Server "${serverName(settings)}" refused the login of "${settings.username}"`;
    const tried = list(this.#tried.filter((method) => !this.#passed.includes(method))) || "nothing";
    const takes = this.#left.length === 0 ? "nothing else" : this.#left.join(", ");
    const passed = this.#passed.length === 0 ? "" : `it took the ${list(this.#passed)} and wants more; `;
    return new Failure("auth", `${said} (${passed}tried: ${tried}; it takes: ${takes})`, { hint: this.#hint() });
  }

  #hint(): string {
    const { username } = this.#settings;
    const takesKeys = this.#left.includes("publickey");
    const takesPasswords = this.#left.some((method) => method === "password" || method === "keyboard-interactive");
    const refused = list(this.#tried.filter((method) => !this.#passed.includes(method)));
    if (refused === "") {
      if (takesPasswords) return this.#passed.length > 0 ? "Give a password too" : "Give a password";
      if (takesKeys) return this.#passed.length > 0 ? "Give a private key too" : "Give a private key";
      return "Ask the server's operator how to log in";
    }
    const user = `Check that "${username}" is the user's name on the server`;
    const withKey = this.#tried.includes("publickey") && !this.#passed.includes("publickey");
    if (!withKey) return `${user}, and the ${refused}`;
    const known = `that the server knows the key ${this.#fingerprint()} for this user`;
    return refused === "private key" ? `${user}, and ${known}` : `${user}, ${known}, and the password`;
  }

  #fingerprint(): string {
    const wire = this.#key?.getPublicSSH() ?? new Uint8Array();
    return `SHA256:${createHash("sha256").update(wire).digest("base64").replace(/=+$/, "")}`;
  }
}

/** What the user gave for these ways, each once. */
function list(methods: readonly AuthenticationType[]): string {
  return [...new Set(methods.map((method) => GIVEN[method] ?? method))].join(", ");
}
