/**
 * What PostgreSQL's errors, and those of the way there, mean to the user.
 *
 * @module
 */
import { Failure, type FailureKind } from "../contracts/failure.ts";
import { describePostgres, type PostgresSettings } from "./postgres_url.ts";

interface Meaning {
  readonly kind: FailureKind;
  /** Follows "The database "x" at host:port, user "u", ". */
  readonly what: string;
  readonly hint: string;
}

const AGAIN = "Try again; Waybill connects anew by itself";
const SERVER_LOG = "Try again, and look into PostgreSQL's log";

const LOST: Meaning = { kind: "transient", what: "closed the connection", hint: AGAIN };
const STOPPING: Meaning = { kind: "transient", what: "is stopping or starting", hint: AGAIN };
const UNREACHABLE: Meaning = {
  kind: "transient",
  what: "cannot be reached",
  hint: "Check that PostgreSQL runs, and the host and port in the database URL",
};
const FORBIDDEN: Meaning = {
  kind: "config",
  what: "may not be connected to",
  hint: "Give the user that runs Waybill access to the socket's folder, or look at this machine's firewall",
};
const UNKNOWN_HOST: Meaning = {
  kind: "transient",
  what: "cannot be reached: its host name is not known",
  hint: "Check the host in the database URL, and the name server",
};
const CERTIFICATE: Meaning = {
  kind: "config",
  what: "has a certificate that is not trusted",
  hint:
    "Name its authority's PEM file as sslrootcert in the database URL; verify-full also wants the certificate's host",
};
const LOCKED: Meaning = {
  kind: "transient",
  what: "was locked for too long",
  hint: "Try again; if it stays locked, look for another process that holds it",
};
const NO_PASSWORD: Meaning = {
  kind: "config",
  what: "wants a password, and the database URL has none",
  hint: "Put the user's password into the database URL",
};

const POOLED: Meaning = {
  kind: "config",
  what: "answered from another session than the one that Waybill had set up",
  hint: "Put PgBouncer, or what else shares its connections, into session mode, or connect past it",
};

const DISK_FULL: Meaning = {
  kind: "transient",
  what: "cannot be written: its disk is full",
  hint: "Free space on PostgreSQL's disk, then try again",
};

/** SQLSTATEs (https://www.postgresql.org/docs/current/errcodes-appendix.html), whole or by their class. */
const STATES: Readonly<Record<string, Meaning>> = {
  "08": LOST,
  "0A000": { kind: "transient", what: "had its tables changed meanwhile", hint: AGAIN },
  "25P03": { kind: "transient", what: "ended a transaction that stood still for too long", hint: AGAIN },
  "25006": {
    kind: "transient",
    what: "takes no writes: it is a stand-by or set read-only",
    hint: "Name the server that takes writes in the database URL, or look at default_transaction_read_only",
  },
  "26000": POOLED,
  "28P01": { kind: "config", what: "refused the password", hint: "Check user and password in the database URL" },
  "28000": {
    kind: "config",
    what: "does not let this user in",
    hint: "Check sslmode in the database URL, and pg_hba.conf on the server",
  },
  "3D000": { kind: "config", what: "does not exist", hint: "Create it, or check its name in the database URL" },
  "3F000": {
    kind: "config",
    what: "has no schema to make tables in",
    hint: "Make one (create schema public) that the user owns, or check the user's search_path",
  },
  "40001": { kind: "transient", what: "had another transaction in the way", hint: AGAIN },
  "40P01": { kind: "transient", what: "had another transaction in the way", hint: AGAIN },
  "42P05": POOLED,
  "42501": { kind: "config", what: "refused a statement", hint: "Make the user the owner of the database" },
  "53": { kind: "transient", what: "is short of memory or other means", hint: SERVER_LOG },
  "53100": {
    kind: "transient",
    what: "cannot be written: its disk is full",
    hint: "Free space on PostgreSQL's disk, then try again",
  },
  "53300": {
    kind: "transient",
    what: "has no connection left",
    hint: "Try again, or raise max_connections: each Waybill process may use fifteen",
  },
  "55P03": LOCKED,
  "57014": { kind: "transient", what: "had a statement cancelled by an administrator or a time-out", hint: AGAIN },
  "57P": STOPPING,
  "58": { kind: "transient", what: "could not read or write its disk", hint: SERVER_LOG },
  "XX001": { kind: "config", what: "is damaged", hint: "Restore it from a backup" },
  "XX002": { kind: "config", what: "has a damaged index", hint: "REINDEX it, or restore it from a backup" },
};

/** Codes of `node:net` and `node:dns`. */
const SYSTEM_CODES: Readonly<Record<string, Meaning>> = {
  ECONNREFUSED: UNREACHABLE,
  EHOSTUNREACH: UNREACHABLE,
  ENETUNREACH: UNREACHABLE,
  ETIMEDOUT: UNREACHABLE,
  ENOENT: UNREACHABLE,
  EACCES: FORBIDDEN,
  EPERM: FORBIDDEN,
  ENOTFOUND: UNKNOWN_HOST,
  EAI_AGAIN: UNKNOWN_HOST,
  ECONNRESET: LOST,
  ECONNABORTED: LOST,
  EPIPE: LOST,
};

/** Errors of `pg` that have words only. */
const MESSAGES: readonly (readonly [RegExp, Meaning])[] = [
  [/^Connection terminated|is not queryable$/, LOST],
  [/^timeout expired$/, { kind: "transient", what: "did not answer in time", hint: UNREACHABLE.hint }],
  [/^timeout exceeded when trying to connect$/, {
    kind: "transient",
    what: "kept every connection busy for too long",
    hint: "Try again; if it stays so, look for statements that wait for locks",
  }],
  [/^The server does not support SSL connections$/, {
    kind: "config",
    what: "offers no TLS",
    hint: "Set it up, or write sslmode=disable into the database URL where the network is trusted",
  }],
  [/client password must be a/, NO_PASSWORD],
  [/certificate/i, CERTIFICATE],
];

/** Codes of `node:tls` for certificates (https://nodejs.org/api/tls.html, "X509 certificate error codes"). */
const CERTIFICATE_CODE = /CERT|^UNABLE_TO_|_CRL_|^HOSTNAME_MISMATCH$|^INVALID_(CA|PURPOSE)$/;

/** The Failure that an error from a database stands for, or the error itself where it is a bug or a broken rule. */
export function explainPostgresError(error: unknown, settings: PostgresSettings): unknown {
  if (!(error instanceof Error) || error instanceof Failure) return error;
  if (error instanceof Deno.errors.NotCapable || isRefusedLookUp(error)) {
    return new Failure("config", `Deno may not connect to the ${describePostgres(settings)}`, {
      hint: "Grant --allow-net for its host and port",
      cause: error,
    });
  }
  const meaning = meaningOf(error);
  if (meaning === undefined) return error;
  const said = sqlState(error) === undefined || meaning.kind === "transient" ? "" : `: ${error.message}`;
  return new Failure(meaning.kind, `The ${describePostgres(settings)}, ${meaning.what}${said}`, {
    hint: meaning.hint,
    cause: error,
  });
}

/** Whether Deno did not let a host name be looked up: `node:dns` gives a code for that. */
function isRefusedLookUp(error: Error): boolean {
  return "code" in error && error.code === "EPERM" && "syscall" in error && error.syscall === "getaddrinfo";
}

/** Another transaction of this process went on for too long. */
export function busyFailure(settings: PostgresSettings): Failure {
  return new Failure(LOCKED.kind, `The ${describePostgres(settings)}, ${LOCKED.what}`, { hint: LOCKED.hint });
}

/** Whether nothing more can be asked of the connection that an error came from. */
export function endsConnection(error: unknown): boolean {
  if (!(error instanceof Error) || sqlState(error) === undefined) return true;
  if (isOldPlan(error)) return true;
  return "severity" in error && (error.severity === "FATAL" || error.severity === "PANIC");
}

/** Whether a prepared statement's table was changed: told by the place in the server, whose words may be translated. */
function isOldPlan(error: Error): boolean {
  return "routine" in error && error.routine === "RevalidateCachedQuery";
}

function meaningOf(error: Error): Meaning | undefined {
  const state = sqlState(error);
  if (state !== undefined) {
    // The class holds every feature that PostgreSQL has not got: those are bugs.
    if (state === "0A000" && !isOldPlan(error)) return undefined;
    // A connection's first file, on a full disk: the server has no code for that.
    if (state === "XX000" && error.message === "could not write init file") return DISK_FULL;
    return STATES[state] ?? STATES[state.slice(0, 3)] ?? STATES[state.slice(0, 2)];
  }
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  if (CERTIFICATE_CODE.test(code)) return CERTIFICATE;
  return SYSTEM_CODES[code] ?? MESSAGES.find(([message]) => message.test(error.message))?.[1];
}

/** What the server itself said; undefined for errors of the way there. */
function sqlState(error: Error): string | undefined {
  if (!("severity" in error) || !("code" in error) || typeof error.code !== "string") return undefined;
  return error.code;
}
