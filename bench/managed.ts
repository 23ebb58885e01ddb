/**
 * The managed SFTP server beside OpenSSH's own, each asked by the same programs.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { run } from "../core/testing/openssh.ts";
import { type Goal, median, rounds, spread, table, timesAsLong, verdict } from "./figures.ts";
import { writeRandom } from "./files.ts";
import { type Measure, measure } from "./measure.ts";
import { Stage } from "./stage.ts";

/** Where programs log in, and the folder in which they work. */
interface Peer {
  readonly port: number;
  readonly username: string;
  readonly folder: string;
}

/** The managed server, and the process it runs in. */
interface Managed extends Peer, AsyncDisposable {
  readonly pid: number;
}

const HALF: Goal = { is: "≥", limit: 0.5 };
const THIRD: Goal = { is: "≥", limit: 0.3 };

/** Measures transfers, many files, a listing and idle sessions; lines of Markdown. */
export async function benchManaged(
  mebibytes: number,
  files: number,
  sessions: number,
  count: number,
): Promise<string[]> {
  await using stage = await Stage.open();
  await using managed = await startManaged(stage);
  const openssh: Peer = { port: stage.server.port, username: stage.server.username, folder: stage.server.folder };
  await writeRandom(`${stage.folder}/big`, mebibytes);
  await Deno.mkdir(`${stage.folder}/many`);
  for (let index = 0; index < files; index++) {
    await Deno.writeTextFile(`${stage.folder}/many/${index}.csv`, `${index}\n`);
  }

  const lines: string[][] = [];
  const compare = async (name: string, goal: Goal, command: (peer: Peer, round: number) => Promise<string[]>) => {
    const [ours, theirs]: [Measure[], Measure[]] = [[], []];
    for (let round = 0; round < count; round++) {
      ours.push(await measure(await command(managed, round), ENV));
      theirs.push(await measure(await command(openssh, round), ENV));
      console.error(`managed: ${name}: ${ours[round]?.wall} s beside ${theirs[round]?.wall} s`);
    }
    const ratios = timesAsLong(theirs, ours);
    const walls = [ours, theirs].map((measures) => spread(measures.map(({ wall }) => wall)));
    lines.push([name, ...walls, spread(ratios), verdict(median(ratios), goal)]);
  };
  await compare(`put ${mebibytes} MiB (OpenSSH)`, HALF, (peer) => sftp(stage, peer, `put ${stage.folder}/big big`));
  await compare(`get ${mebibytes} MiB (OpenSSH)`, HALF, (peer) => sftp(stage, peer, "get big /dev/null"));
  await compare(`put ${files} small files (lftp)`, THIRD, (peer, round) => lftp(stage, peer, `many many${round}`));
  await compare(`list ${files} entries (OpenSSH)`, THIRD, (peer) => sftp(stage, peer, "ls -1 many0"));
  return [
    "The managed server, its files in SQLite and on the disk, and OpenSSH's own on the same disk; clients over loopback, " +
    `start and login included. Ours brings each file to the disk before it answers, OpenSSH's does not. ${
      rounds(count)
    }`,
    "",
    ...table(["", "managed, s", "OpenSSH, s", "× OpenSSH's speed", "goal"], lines),
    "",
    await idleSessions(stage, managed, sessions),
  ];
}

/** No settings of whoever runs the bench. */
const ENV = { HOME: "/nonexistent", LC_ALL: "C.UTF-8" };

const TRUST = ["-F", "none", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"];
const QUIET = [...TRUST, "-o", "IdentitiesOnly=yes", "-o", "LogLevel=ERROR"];

async function sftp({ folder, key }: Stage, peer: Peer, command: string): Promise<string[]> {
  const batch = `${folder}/batch`;
  await Deno.writeTextFile(batch, `cd ${peer.folder}\n${command}\n`);
  return ["sftp", "-q", ...QUIET, "-i", key, "-b", batch, "-P", String(peer.port), `${peer.username}@127.0.0.1`];
}

async function lftp({ folder, key }: Stage, peer: Peer, names: string): Promise<string[]> {
  const script = `${folder}/lftp`;
  await Deno.writeTextFile(
    script,
    [
      `set sftp:connect-program "ssh -a -x ${QUIET.join(" ")} -i ${key}"`,
      "set cmd:fail-exit yes",
      `open -u ${peer.username}, sftp://127.0.0.1:${peer.port}`,
      `lcd ${folder}`,
      `cd ${peer.folder}`,
      `mirror -R ${names}`,
      "bye",
      "",
    ].join("\n"),
  );
  return ["lftp", "--norc", "-f", script];
}

/** Memory that sessions without a request cost. */
async function idleSessions({ key }: Stage, managed: Managed, sessions: number): Promise<string> {
  const memory = async () => Number(await run("/usr/bin/ps", ["-o", "rss=", "-p", String(managed.pid)])) / 1024;
  const child = fileURLToPath(new URL("./managed_idle_child.ts", import.meta.url));
  const args = [String(managed.port), managed.username, key, String(sessions)];
  const before = await memory();
  const process = new Deno.Command("deno", {
    args: ["run", "--quiet", "--no-prompt", "--allow-read", "--allow-net=127.0.0.1", "--allow-env", child, ...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  // It says so once all are there.
  await process.stdout.getReader().read();
  const cost = await memory() - before;
  await process.stdin.close();
  await process.status;
  const goal = verdict(cost, { is: "≤", limit: 64, unit: " MiB" });
  return `${sessions} idle sessions, each with a channel open, cost ${cost.toFixed(0)} MiB (${goal}).`;
}

async function startManaged({ folder, key }: Stage): Promise<Managed> {
  const home = `${folder}/managed-home`;
  await Deno.mkdir(home);
  const [publicKey, hostKey] = [`${folder}/key.pub`, `${folder}/host_key`];
  await Deno.writeTextFile(publicKey, await run("/usr/bin/ssh-keygen", ["-y", "-f", key]));
  await run("/usr/bin/ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", hostKey]);
  const child = fileURLToPath(new URL("./managed_child.ts", import.meta.url));
  const permissions = ["--allow-read", "--allow-write", "--allow-net=127.0.0.1", "--allow-env", "--allow-sys"];
  const process = new Deno.Command("deno", {
    args: [
      "run",
      "--quiet",
      "--no-prompt",
      "--v8-flags=--max-semi-space-size=2",
      ...permissions,
      child,
      home,
      publicKey,
      hostKey,
    ],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const { value } = await process.stdout.getReader().read();
  return {
    pid: process.pid,
    port: Number(new TextDecoder().decode(value)),
    username: "partner",
    folder: "/",
    async [Symbol.asyncDispose]() {
      await process.stdin.close();
      await process.status;
    },
  };
}
