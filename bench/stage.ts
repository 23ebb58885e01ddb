/**
 * What the journey needs: an SFTP server with files, and data directories whose auth leads to it.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { type OpenSshServer, startOpenSsh } from "../core/testing/mod.ts";
import { type Measure, measure } from "./measure.ts";

/** What comes behind `deno` for the command line: the flags of the `waybill` task, and its program. */
export const WAYBILL_ARGS: readonly string[] = taskCommand("waybill", "../cli/main.ts").args;

/** The command line as the task starts it, with the variables that it sets. */
export const WAYBILL: readonly string[] = commandOf(taskCommand("waybill", "../cli/main.ts"));

/** The server as its task starts it, with the variables that it sets. */
export const SERVE: readonly string[] = commandOf(taskCommand("serve", "../server/main.ts"));

/** A task's command. */
interface TaskCommand {
  /** `NAME=value` each. */
  readonly variables: readonly string[];
  /** What comes behind `deno`. */
  readonly args: readonly string[];
}

/** What a task of deno.json runs: a program of this project, by its place beside this file. */
function taskCommand(name: string, program: string): TaskCommand {
  const config = JSON.parse(Deno.readTextFileSync(new URL("../deno.json", import.meta.url)));
  const command: string = config.tasks[name].command;
  const words = command.replaceAll("'", "").split(" ");
  const deno = words.indexOf("deno");
  const args = [...words.slice(deno + 1, -1), "--quiet", fileURLToPath(new URL(program, import.meta.url))];
  return { variables: words.slice(0, deno), args };
}

function commandOf({ variables, args }: TaskCommand): string[] {
  return ["/usr/bin/env", ...variables, Deno.execPath(), ...args];
}

/** How a data directory is made. */
export interface HomeOptions {
  /** Whether its auth leads to the server's folder on this machine instead of the server. */
  readonly local?: boolean;
  /** File with the PGP private key that its auth decrypts with. */
  readonly pgpKey?: string;
  /** A PostgreSQL database instead of the file in the data directory. */
  readonly database?: string;
}

/** A data directory. */
export interface Home extends AsyncDisposable {
  /** Absolute path. */
  readonly path: string;
  /** Imports a file of the server into it: an event, a profile and two identities a row. */
  journey(file: string): Promise<Measure>;
}

/** An SFTP server, and a folder for the rest. */
export class Stage implements AsyncDisposable {
  private constructor(
    /** The server. */
    readonly server: OpenSshServer,
    /** Scratch folder. */
    readonly folder: string,
    /** File of the private key that the server lets in. */
    readonly key: string,
  ) {}

  /** Starts the server. */
  static async open(): Promise<Stage> {
    const folder = await Deno.makeTempDir({ prefix: "waybill-bench-" });
    const server = await startOpenSsh();
    const key = `${folder}/key`;
    await Deno.writeTextFile(key, server.privateKey, { mode: 0o600 });
    return new Stage(server, folder, key);
  }

  /** The path on this machine of a file on the server. */
  path(name: string): string {
    return `${this.server.folder}/${name}`;
  }

  /** OpenSSH's `sftp`, which fetches a file of the server. */
  fetch(path: string, to: string): string[] {
    const { host, username } = this.server;
    return [...this.#sftp(), `${username}@${host}:${path}`, to];
  }

  /** The same, sending a file to the server. Paths are without quotes and blanks. */
  send(from: string, path: string): string[] {
    const { host, username } = this.server;
    const [program = "", ...options] = this.#sftp();
    const script = 'printf "put %s %s\\n" "$1" "$2" | exec "${@:3}"';
    return ["/bin/bash", "-c", script, "send", from, path, program, "-b", "-", ...options, `${username}@${host}`];
  }

  #sftp(): string[] {
    const { port } = this.server;
    const trust = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"];
    const options = ["-q", "-F", "none", ...trust, "-o", "IdentitiesOnly=yes", "-i", this.key, "-P", String(port)];
    return ["sftp", ...options];
  }

  /** Makes a data directory. */
  async home({ local = false, pgpKey, database = "" }: HomeOptions = {}): Promise<Home> {
    const path = await Deno.makeTempDir({ dir: this.folder, prefix: "home-" });
    const env = { WAYBILL_DATABASE_URL: database };
    const { host, port, username, folder } = this.server;
    const login = ["--host", host, "--port", String(port), "--username", username, "--private-key-file", this.key];
    const sftp = pgpKey === undefined ? "sftp" : "sftp-pgp-private";
    const method = local ? ["local-folder"] : [sftp, ...login];
    const pgp = pgpKey === undefined ? [] : ["--pgp-private-key-file", pgpKey];
    const auth = ["--home", path, "--label", "bench", "--folder", folder];
    await measure([...WAYBILL, "auth", "create", ...method, ...pgp, ...auth], env);
    return {
      path,
      journey: (file) =>
        measure([
          ...WAYBILL,
          ...["run", "csv-import", "--home", path, "--auth", "bench", "--file", file, "--stream", "customers"],
          ...["--identify-by", "customer_id,email", "--timestamps", "updated_at", "--json"],
        ], env),
      [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
    await Deno.remove(this.folder, { recursive: true });
  }
}
