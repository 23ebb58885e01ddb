/**
 * `deno task bench`: Waybill beside the tools that users would take instead, written to `bench/RESULTS.md`.
 *
 * `deno task bench PART [NUMBERS]` runs one part, with other sizes than the whole has, and prints it:
 * `deno task bench sftp 64 1`.
 *
 * @module
 */
import { benchAudience } from "./audience.ts";
import { benchAudienceList } from "./audience_list.ts";
import { benchCsv } from "./csv.ts";
import { benchDiff } from "./diff.ts";
import { benchEncrypted } from "./encrypted.ts";
import { benchEntity } from "./entity.ts";
import { benchErasure } from "./erasure.ts";
import { benchExport } from "./export.ts";
import { benchHealthz } from "./healthz.ts";
import { benchJourney } from "./journey.ts";
import { benchJson } from "./json.ts";
import { benchManaged } from "./managed.ts";
import { benchLogs } from "./logs.ts";
import { benchMapping } from "./mapping.ts";
import { benchPgp } from "./pgp.ts";
import { benchPostgres } from "./postgres.ts";
import { benchProfileChanges } from "./profile_changes.ts";
import { benchProfileImport } from "./profile_import.ts";
import { describeMachine, missing, type Package } from "./programs.ts";
import { benchMemory, benchScale } from "./scale.ts";
import { benchSftp } from "./sftp.ts";
import { benchStartup } from "./startup.ts";

const RESULTS = new URL("./RESULTS.md", import.meta.url);

/** One comparison. */
interface Part {
  readonly title: string;
  /** What its numbers are. */
  readonly usage: string;
  /** The numbers of the whole bench; those that are given take the place of the first. */
  readonly sizes: readonly number[];
  readonly needs: readonly Package[];
  /** Gives lines of Markdown. */
  readonly run: (...sizes: readonly number[]) => Promise<string[]>;
}

/** The quick ones first. {@linkcode runPart} gives every number. */
const PARTS: Readonly<Record<string, Part>> = {
  startup: {
    title: "Start-up",
    usage: "[starts]",
    sizes: [10],
    needs: ["time"],
    run: (starts = 1) => benchStartup(starts),
  },
  sftp: {
    title: "Download over SFTP",
    usage: "[MiB] [rounds]",
    sizes: [256, 5],
    needs: ["time", "openssh-server", "openssh-client", "rclone"],
    run: (mebibytes = 1, rounds = 1) => benchSftp(mebibytes, rounds),
  },
  managed: {
    title: "The managed SFTP server",
    usage: "[MiB] [files] [sessions] [rounds]",
    sizes: [256, 10_000, 200, 3],
    needs: ["time", "openssh-server", "openssh-client", "lftp"],
    run: (mebibytes = 1, files = 1, sessions = 1, rounds = 1) => benchManaged(mebibytes, files, sessions, rounds),
  },
  csv: {
    title: "CSV to JSON lines",
    usage: "[rows] [rounds]",
    sizes: [1_000_000, 5],
    needs: ["time"],
    run: (rows = 1, rounds = 1) => benchCsv(rows, rounds),
  },
  pgp: {
    title: "Decrypting PGP",
    usage: "[MB] [rounds] [MB of the large file]",
    sizes: [100, 5, 2_048],
    needs: ["time", "gpg"],
    run: (megabytes = 1, rounds = 1, large = 1) => benchPgp(megabytes, rounds, large),
  },
  journey: {
    title: "The journey",
    usage: "[rows] [rounds]",
    sizes: [1_000_000, 3],
    needs: ["time", "openssh-server", "openssh-client", "sqlite3"],
    run: (rows = 1, rounds = 1) => benchJourney(rows, rounds),
  },
  encrypted: {
    title: "The journey of an encrypted, zipped file",
    usage: "[rows] [rounds]",
    sizes: [1_000_000, 3],
    needs: ["time", "openssh-server", "openssh-client", "gpg", "sqlite3"],
    run: (rows = 1, rounds = 1) => benchEncrypted(rows, rounds),
  },
  diff: {
    title: "What changed since the file before",
    usage: "[rows] [rounds]",
    sizes: [1_000_000, 3],
    needs: ["time", "openssh-server", "openssh-client"],
    run: (rows = 1, rounds = 1) => benchDiff(rows, rounds),
  },
  json: {
    title: "JSON lines beside CSV",
    usage: "[rows] [rounds]",
    sizes: [1_000_000, 3],
    needs: ["time", "openssh-server", "openssh-client"],
    run: (rows = 1, rounds = 1) => benchJson(rows, rounds),
  },
  mapping: {
    title: "A mapping in LQL, and its replay",
    usage: "[rows] [rounds]",
    sizes: [1_000_000, 3],
    needs: ["time", "openssh-server", "openssh-client"],
    run: (rows = 1, rounds = 1) => benchMapping(rows, rounds),
  },
  entity: {
    title: "Looking a profile up",
    usage: "[profiles] [rounds]",
    sizes: [1_000_000, 3],
    needs: ["time", "openssh-server", "openssh-client", "wrk"],
    run: (profiles = 1, rounds = 1) => benchEntity(profiles, rounds),
  },
  logs: {
    title: "Collecting raw logs",
    usage: "[rounds]",
    sizes: [5],
    needs: ["time", "openssh-server", "openssh-client", "wrk"],
    run: (rounds = 1) => benchLogs(rounds),
  },
  audience: {
    title: "Counting audiences",
    usage: "[profiles] [rounds]",
    sizes: [1_000_000, 3],
    needs: ["time", "openssh-server", "openssh-client", "sqlite3"],
    run: (profiles = 1, rounds = 1) => benchAudience(profiles, rounds),
  },
  profile_import: {
    title: "Changing profiles",
    usage: "[rows] [rounds]",
    sizes: [1_000_000, 3],
    needs: ["time", "sqlite3"],
    run: (rows = 1, rounds = 1) => benchProfileImport(rows, rounds),
  },
  audience_list: {
    title: "Replacing a list audience",
    usage: "[ids] [rounds]",
    sizes: [5_000_000, 3],
    needs: ["time", "sqlite3"],
    run: (ids = 1, rounds = 1) => benchAudienceList(ids, rounds),
  },
  export: {
    title: "Exporting an audience",
    usage: "[profiles] [rounds]",
    sizes: [1_000_000, 3],
    needs: ["time", "openssh-server", "openssh-client", "sqlite3", "gpg", "wrk"],
    run: (profiles = 1, rounds = 1) => benchExport(profiles, rounds),
  },
  profile_changes: {
    title: "Following a profile table",
    usage: "[profiles] [rounds]",
    sizes: [1_000_000, 3],
    needs: ["time", "openssh-server", "openssh-client"],
    run: (profiles = 1, rounds = 1) => benchProfileChanges(profiles, rounds),
  },
  erasure: {
    title: "Erasing people",
    usage: "[profiles] [rounds]",
    sizes: [1_000_000, 3],
    needs: ["time", "openssh-server", "openssh-client"],
    run: (profiles = 1, rounds = 1) => benchErasure(profiles, rounds),
  },
  scale: {
    title: "The journey of four times as many rows",
    usage: "[rows of the smaller file] [rounds]",
    sizes: [1_000_000, 3],
    needs: ["time", "openssh-server", "openssh-client"],
    run: (rows = 1, rounds = 1) => benchScale(rows, rounds),
  },
  memory: {
    title: "Peak memory of the journey",
    usage: "[MB of the small file] [MB of the large file]",
    sizes: [100, 1_000],
    needs: ["time", "openssh-server", "openssh-client"],
    run: (...megabytes) => benchMemory(...megabytes),
  },
  postgres: {
    title: "The journey into PostgreSQL",
    usage: "[rows] [rounds]",
    sizes: [1_000_000, 3],
    needs: ["time", "openssh-server", "openssh-client", "postgresql", "postgresql-client"],
    run: (rows = 1, rounds = 1) => benchPostgres(rows, rounds),
  },
  healthz: {
    title: "`/healthz` during an import",
    usage: "[rows]",
    sizes: [1_000_000],
    needs: ["time", "openssh-server", "openssh-client"],
    run: (rows = 1) => benchHealthz(rows),
  },
};

/** Runs a part, unless something that it needs is not installed. */
async function runPart({ needs, sizes, run }: Part, given: readonly number[]): Promise<string[]> {
  const packages = missing(needs);
  if (packages.length === 0) return await run(...given, ...sizes.slice(given.length));
  const skipped = `Skipped: Debian package ${packages.join(", ")} is not installed.`;
  console.error(skipped);
  return [skipped];
}

/** Runs every part. One that fails is told of in its place, so that the figures of the others are not lost. */
async function runAll(): Promise<boolean> {
  const lines = [
    "# What was measured",
    "",
    "Written by `deno task bench`. Machines drift: trust the ratios, not the seconds.",
    "",
    ...await describeMachine(),
    "",
  ];
  let complete = true;
  for (const [name, part] of Object.entries(PARTS)) {
    console.error(name);
    const result = await runPart(part, []).catch((error: unknown) => {
      console.error(error);
      complete = false;
      return [`Failed; \`deno task bench ${name}\` tells more.`];
    });
    lines.push(`## ${part.title}`, "", ...result, "");
    // A run that is cut off leaves what it has measured.
    await Deno.writeTextFile(RESULTS, lines.join("\n"));
  }
  console.log(lines.join("\n"));
  return complete;
}

async function main([name, ...args]: readonly string[]): Promise<boolean> {
  // The parts choose their databases, and what they start inherits the rest.
  Deno.env.delete("WAYBILL_DATABASE_URL");
  if (name === undefined) return await runAll();
  const part = PARTS[name];
  const sizes = args.map(Number);
  if (part === undefined || !sizes.every((size) => size > 0) || sizes.length > part.sizes.length) {
    const usages = Object.entries(PARTS).map(([name, { usage }]) => `  deno task bench ${name} ${usage}`);
    console.error(["Usage:", "  deno task bench", ...usages].join("\n"));
    return false;
  }
  console.log((await runPart(part, sizes)).join("\n"));
  return true;
}

if (import.meta.main && !await main(Deno.args)) Deno.exit(1);
