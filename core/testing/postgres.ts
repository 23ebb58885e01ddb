/**
 * A real PostgreSQL server on loopback, for tests: a cluster of its own in a temporary folder.
 *
 * PostgreSQL does not run as root: there it runs as the user `postgres` that Debian's package makes.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { freePort } from "./free_port.ts";
import { requirePeer } from "./peer.ts";

/** Where Debian puts the programs, a folder a version. */
const VERSIONS = "/usr/lib/postgresql";
/** Becomes another user, and lets the server end with the process that started it. */
const SETPRIV = "/usr/bin/setpriv";
const ID = "/usr/bin/id";
const OPENSSL = "/usr/bin/openssl";

/** Owns the databases; no superuser. */
const OWNER = "waybill";

/** How to start the server. */
export interface PostgresOptions {
  /** Lets TCP in with TLS only, by a certificate for `localhost` of an authority made for this server. */
  readonly tls?: boolean;
  /**
   * Where the databases' files go, such as a disk of its own: a folder that is not there yet, in one that every user may
   * pass through. The write-ahead log stays elsewhere, and so do the server's messages. It is not removed.
   */
  readonly data?: { readonly folder: string };
  /** Where the write-ahead log goes: a folder likewise. Its files have 1 MiB there, instead of 16. */
  readonly log?: { readonly folder: string };
  /** Settings as in `postgresql.conf`, such as `{ max_connections: "5" }`. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A running server. */
export interface PostgresServer extends AsyncDisposable {
  /** The loopback address. */
  readonly host: string;
  /** A port that was free. */
  readonly port: number;
  /** Folder of the Unix socket, over which no password is needed. */
  readonly socketDir: string;
  /** Who owns the databases. */
  readonly user: string;
  /** Needed over TCP. */
  readonly password: string;
  /** PEM file of the certificate authority, with `tls`. */
  readonly caFile: string;
  /** Makes a database and gives its URL: an empty one, or a copy of another, by name, that nobody is connected to. */
  createDatabase(template?: string): Promise<string>;
  /** Runs a statement as superuser, in the database `postgres` or another one, and gives its output: `a|b` a row. */
  sql(text: string, database?: string): Promise<string>;
  /** Cuts every connection of the owner, as an administrator would; resolves when they are gone. */
  dropConnections(): Promise<void>;
  /** Ends the server, which cuts every connection; its files stay. */
  shutDown(): Promise<void>;
  /** Starts it again on the same port. */
  start(): Promise<void>;
  /** Ends the server and removes its files. */
  stop(): Promise<void>;
}

/** Whether PostgreSQL is installed: throws under `CI=true` where it is not, else says so and gives false. */
export function requirePostgres(): boolean {
  return requirePeer("PostgreSQL (Debian package postgresql)", programs()) &&
    requirePeer("setpriv (Debian package util-linux)", SETPRIV);
}

/** Starts a server; ask {@linkcode requirePostgres} first. Takes about a second. */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const server = new Postgres(await Deno.makeTempDir({ prefix: "waybill-postgres-" }), freePort(), options);
  try {
    await server.prepare();
    await server.start();
    await server.sql(`create role ${OWNER} login password '${server.password}'`);
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

class Postgres implements PostgresServer {
  readonly host = "127.0.0.1";
  readonly port: number;
  readonly socketDir: string;
  readonly user: string = OWNER;
  readonly password = "päss:w@rd/1";
  readonly caFile: string;
  readonly #home: string;
  readonly #data: string;
  readonly #options: PostgresOptions;
  #databases = 0;
  #process: Deno.ChildProcess | undefined;

  constructor(home: string, port: number, options: PostgresOptions) {
    this.#home = home;
    this.#data = options.data?.folder ?? `${home}/data`;
    this.port = port;
    this.socketDir = `${home}/socket`;
    this.caFile = `${home}/ca.crt`;
    this.#options = options;
  }

  async prepare(): Promise<void> {
    for (const folder of [this.#home, this.socketDir]) {
      await Deno.mkdir(folder, { recursive: true });
      // For the server's user to pass through, and the test's to reach the socket.
      await Deno.chmod(folder, 0o755);
      await this.#giveToServer(folder);
    }
    const { data, log } = this.#options;
    for (const { folder } of [data, log].filter((own) => own !== undefined)) {
      await Deno.mkdir(folder, { mode: 0o700 });
      await this.#giveToServer(folder);
    }
    // A default collation that is not bytewise, as most servers have: text columns must not depend on it.
    await this.#run("initdb", [
      `--pgdata=${this.#data}`,
      ...data !== undefined || log !== undefined ? [`--waldir=${log?.folder ?? `${this.#home}/log`}`] : [],
      ...log === undefined ? [] : ["--wal-segsize=1"],
      "--username=postgres",
      "--encoding=UTF8",
      "--locale=C.UTF-8",
      "--locale-provider=icu",
      "--icu-locale=en",
      "--no-sync",
    ]);
    await this.#write("pg_hba.conf", [
      "local all all trust",
      `${this.#options.tls ? "hostssl" : "host"} all all 127.0.0.1/32 scram-sha-256`,
    ]);
    if (this.#options.tls) await this.#makeCertificates();
    await this.#write(
      "postgresql.auto.conf",
      Object.entries(this.#settings()).map(([name, value]) => `${name} = '${value}'`),
    );
  }

  #settings(): Record<string, string> {
    return {
      listen_addresses: this.host,
      port: String(this.port),
      unix_socket_directories: this.socketDir,
      fsync: "off",
      full_page_writes: "off",
      synchronous_commit: "off",
      shared_buffers: "64MB",
      logging_collector: "on",
      log_directory: this.#home,
      log_filename: "server.log",
      ...this.#options.tls
        ? { ssl: "on", ssl_cert_file: `${this.#home}/server.crt`, ssl_key_file: `${this.#home}/server.key` }
        : {},
      ...this.#options.settings,
    };
  }

  /** An authority, and a certificate of it for `localhost`, not for the loopback address. */
  async #makeCertificates(): Promise<void> {
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
    const at = (name: string) => `${this.#home}/${name}`;
    await run(OPENSSL, [
      "req",
      "-x509",
      ...key,
      "-subj",
      "/CN=Waybill tests",
      "-keyout",
      at("ca.key"),
      "-out",
      this.caFile,
    ]);
    await run(OPENSSL, [
      ...["req", "-x509", ...key, "-subj", "/CN=localhost", "-CA", this.caFile, "-CAkey", at("ca.key")],
      ...["-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=CA:FALSE"],
      ...["-keyout", at("server.key"), "-out", at("server.crt")],
    ]);
    await Deno.chmod(at("server.key"), 0o600);
    for (const name of ["server.key", "server.crt"]) await this.#giveToServer(at(name));
  }

  async #giveToServer(path: string): Promise<void> {
    if (Deno.uid() !== 0) return;
    const [uid, gid] = await Promise.all([run(ID, ["-u", "postgres"]), run(ID, ["-g", "postgres"])]);
    await Deno.chown(path, Number(uid), Number(gid));
  }

  async #write(name: string, lines: readonly string[]): Promise<void> {
    await Deno.writeTextFile(`${this.#data}/${name}`, [...lines, ""].join("\n"));
  }

  /** Runs one of PostgreSQL's programs as the server's user. */
  async #run(program: string, args: readonly string[]): Promise<string> {
    return await run(SETPRIV, [...asServer(), `${programs()}/${program}`, ...args]);
  }

  async start(): Promise<void> {
    const process = new Deno.Command(SETPRIV, {
      // Killed with a test process that is killed; SIGQUIT ends PostgreSQL at once.
      args: [...asServer(), "--pdeathsig=SIGQUIT", `${programs()}/postgres`, "-D", this.#data],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    this.#process = process;
    let ended = false;
    const ending = process.status.then(() => ended = true);
    while (!await this.#ready()) {
      if (ended) {
        const log = await Deno.readTextFile(`${this.#home}/server.log`).catch(() => "it said nothing");
        throw new Error(`PostgreSQL ended: ${log}`);
      }
      await Promise.race([ending, new Promise((resolve) => setTimeout(resolve, 10))]);
    }
  }

  /** The last line of the server's own file tells how it stands. */
  async #ready(): Promise<boolean> {
    const text = await Deno.readTextFile(`${this.#data}/postmaster.pid`).catch(() => "");
    return /\nready\s*$/.test(text);
  }

  async createDatabase(template = "template1"): Promise<string> {
    const name = `test_${++this.#databases}`;
    await this.sql(`create database ${name} owner ${OWNER} template ${template}`);
    const host = this.#options.tls ? `localhost:${this.port}` : `${this.host}:${this.port}`;
    const trust = this.#options.tls ? `?sslmode=verify-full&sslrootcert=${encodeURIComponent(this.caFile)}` : "";
    return `postgres://${OWNER}:${encodeURIComponent(this.password)}@${host}/${name}${trust}`;
  }

  async sql(text: string, database = "postgres"): Promise<string> {
    const where = ["--host", this.socketDir, "--port", String(this.port), "--username=postgres", "--dbname", database];
    return await this.#run("psql", ["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", ...where, "-c", text]);
  }

  async dropConnections(): Promise<void> {
    const cut = await this.sql(
      `select pid, pg_terminate_backend(pid) from pg_stat_activity where usename = '${OWNER}'`,
    );
    const pids = cut.split("\n").map((line) => line.split("|")[0]).join();
    // Told to end, a process does so when it comes to it.
    while (pids !== "" && await this.sql(`select count(*) from pg_stat_activity where pid in (${pids})`) !== "0");
  }

  async shutDown(): Promise<void> {
    const process = this.#process;
    if (process === undefined) return;
    this.#process = undefined;
    try {
      process.kill("SIGINT");
    } catch {
      // It ended by itself.
    }
    await process.status;
  }

  async stop(): Promise<void> {
    try {
      await this.shutDown();
    } finally {
      await Deno.remove(this.#home, { recursive: true }).catch(() => {});
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** Arguments of setpriv that make a program the server's user's. */
function asServer(): string[] {
  return Deno.uid() === 0 ? ["--reuid=postgres", "--regid=postgres", "--init-groups"] : [];
}

/** The folder of the newest version's programs. */
function programs(): string | undefined {
  if (!existsSync(VERSIONS)) return undefined;
  const versions = Array.from(Deno.readDirSync(VERSIONS), ({ name }) => name).sort((a, b) => Number(b) - Number(a));
  return versions.map((version) => `${VERSIONS}/${version}/bin`).find((folder) => existsSync(`${folder}/postgres`));
}

async function run(program: string, args: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, { args: [...args], stdin: "null" }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
  if (!success) throw new Error(`${program} ${args.join(" ")} failed: ${text(stderr)}`);
  return text(stdout);
}
