/**
 * What a PostgreSQL URL says.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";

/** How far the server has to prove who it is; the names are libpq's (its documentation, section "SSL Support"). */
export type SslMode = "disable" | "require" | "verify-ca" | "verify-full";

/** Where a PostgreSQL database is, and how to get in. */
export interface PostgresSettings {
  /** A host name or address, or the folder of a Unix socket, which starts with a slash. */
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string | undefined;
  readonly sslMode: SslMode;
  /** PEM file of the authorities to trust instead of the system's. */
  readonly rootCertificate: string | undefined;
  readonly applicationName: string;
  /** Milliseconds. */
  readonly connectTimeout: number;
}

const SSL_MODES: readonly SslMode[] = ["disable", "require", "verify-ca", "verify-full"];
const PARAMETERS = ["sslmode", "sslrootcert", "application_name", "connect_timeout", "host"];
const DEFAULT_PORT = 5432;
/** Seconds. */
const DEFAULT_CONNECT_TIMEOUT = 10;
const EXAMPLE = "postgres://USER:PASSWORD@HOST:5432/DATABASE?sslmode=verify-full";

const ESCAPING = `Write it as ${EXAMPLE}; in the password, write "@", "/", "#" and the like as %40, %2F, %23`;

/** Hosts whose traffic stays on this machine. */
const LOOPBACK = /^(localhost|127(\.\d+){3}|::1|\/.*)$/;

/**
 * Reads `postgres://user:password@host:port/database?…` (or `postgresql://`), parts percent-encoded. The database's
 * name defaults to the user's. Parameters: `sslmode` (`disable`, `require`, `verify-ca`, `verify-full`; default
 * `require`, or `disable` on this machine), `sslrootcert` (a PEM file; with it `require`, or no `sslmode`, means
 * `verify-ca`, as `require` does for libpq), `application_name` (default `waybill`), `connect_timeout` (seconds, default 10), `host` (the folder of a
 * Unix socket, which then counts instead of the URL's own host).
 *
 * Failure `config` where it cannot be used; it never holds the URL, which holds a password.
 */
export function parsePostgresUrl(text: string): PostgresSettings {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw unusable("is no URL", ESCAPING);
  }
  if (!isPostgresUrl(text)) throw unusable('does not start with "postgres://"', `Write it as ${EXAMPLE}`);
  const parameters = readParameters(url.searchParams);
  const user = decode(url.username, "user");
  if (user === "") throw unusable("names no user", `Write it as ${EXAMPLE}`);
  const database = decode(url.pathname.slice(1), "database") || user;
  // The end of a password whose signs were not encoded: it must not be shown as a name.
  if (/[@/]/.test(database)) throw unusable("names no database", ESCAPING);
  const host = parameters.get("host") ?? decode(url.hostname.replace(/^\[(.*)\]$/, "$1"), "host");
  if (host === "") throw unusable("names no host", `Write it as ${EXAMPLE}`);
  const rootCertificate = parameters.get("sslrootcert");
  return {
    host,
    port: url.port === "" ? DEFAULT_PORT : Number(url.port),
    database,
    user,
    password: decode(url.password, "password") || undefined,
    sslMode: readSslMode(parameters.get("sslmode"), host, rootCertificate),
    rootCertificate,
    applicationName: parameters.get("application_name") || "waybill",
    connectTimeout: readTimeout(parameters.get("connect_timeout")),
  };
}

/** Whether a URL is one of PostgreSQL's. */
export function isPostgresUrl(url: string): boolean {
  return /^postgres(ql)?:\/\//i.test(url);
}

/** The database in words for messages; no secret in it. */
export function describePostgres({ host, port, database, user }: PostgresSettings): string {
  const place = host.includes(":") ? `[${host}]` : host;
  return `database "${database}" at ${place}:${port}, user "${user}"`;
}

function readParameters(search: URLSearchParams): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const [name, value] of search) {
    if (!PARAMETERS.includes(name)) {
      throw unusable(`has the unknown parameter "${name}"`, `Use only ${PARAMETERS.join(", ")}`);
    }
    parameters.set(name, value);
  }
  return parameters;
}

function readSslMode(text: string | undefined, host: string, rootCertificate: string | undefined): SslMode {
  const mode = SSL_MODES.find((mode) => mode === text);
  if (text !== undefined && mode === undefined) {
    throw unusable(`has sslmode "${text}"`, `Use one of ${SSL_MODES.join(", ")}`);
  }
  if (rootCertificate !== undefined && (mode === "require" || mode === undefined)) return "verify-ca";
  return mode ?? (LOOPBACK.test(host) ? "disable" : "require");
}

function readTimeout(text: string | undefined): number {
  const seconds = text === undefined ? DEFAULT_CONNECT_TIMEOUT : Number(text);
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > 600) {
    throw unusable(`has connect_timeout "${text}"`, "Give whole seconds, from 1 to 600");
  }
  return seconds * 1000;
}

function decode(text: string, part: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw unusable(`has a ${part} that is not percent-encoded`, 'Write "%" as %25');
  }
}

function unusable(what: string, hint: string): Failure {
  return new Failure("config", `The database URL ${what}`, { hint });
}
