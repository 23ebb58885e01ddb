/**
 * A download over SFTP beside OpenSSH's own program and rclone.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { costs, type Goal, median, rounds, spread, table, timesAsLong, verdict } from "./figures.ts";
import { writeRandom } from "./files.ts";
import { type Measure, measure } from "./measure.ts";
import { Stage } from "./stage.ts";

/** Measures the download of a file to `/dev/null`; lines of Markdown. */
export async function benchSftp(mebibytes: number, count: number): Promise<string[]> {
  await using stage = await Stage.open();
  const path = stage.path("file.bin");
  await writeRandom(path, mebibytes);
  const [waybill, openssh, rclone]: [Measure[], Measure[], Measure[]] = [[], [], []];
  for (let round = 0; round < count; round++) {
    waybill.push(await measure(waybillCommand(stage, path)));
    openssh.push(await measure(stage.fetch(path, "/dev/null")));
    rclone.push(await measure(rcloneCommand(stage, path), RCLONE_ENV));
    console.error(`sftp: ${waybill[round]?.wall} s beside ${openssh[round]?.wall} s and ${rclone[round]?.wall} s`);
  }
  const line = (name: string, measures: readonly Measure[], opensshGoal?: Goal, rcloneGoal?: Goal) => {
    // Speeds: how much faster than the peer.
    const ratios = [timesAsLong(openssh, measures), timesAsLong(rclone, measures)] as const;
    const goals = [opensshGoal, rcloneGoal].map((goal, peer) => goal && verdict(median(ratios[peer] ?? []), goal));
    const speeds = measures.map(({ wall }) => mebibytes / wall);
    return [
      name,
      spread(speeds, 0),
      ...costs(measures),
      spread(ratios[0]),
      goals[0] ?? "",
      spread(ratios[1]),
      goals[1] ?? "",
    ];
  };
  return [
    `${mebibytes} MiB that do not compress, from OpenSSH on loopback to /dev/null; whole processes, start and login ` +
    `included; the server's CPU is not counted. ${rounds(count)}`,
    "",
    ...table(["", "MiB/s", "wall s", "CPU s", "peak MiB", "× OpenSSH's speed", "goal", "× rclone's speed", "goal"], [
      line("Waybill's reader", waybill, { is: "≥", limit: 0.8 }, { is: "≥", limit: 2 }),
      line("OpenSSH `sftp`", openssh),
      line("`rclone cat`", rclone),
    ]),
  ];
}

function waybillCommand({ server, key }: Stage, path: string): string[] {
  const child = fileURLToPath(new URL("./sftp_child.ts", import.meta.url));
  const permissions = ["--no-prompt", "--allow-read", "--allow-write=/dev/null", "--allow-net=127.0.0.1"];
  const args = [server.host, String(server.port), server.username, key, path];
  return [Deno.execPath(), "run", "--quiet", ...permissions, child, ...args];
}

/** No settings of whoever runs the bench. */
const RCLONE_ENV = { RCLONE_CONFIG: "/dev/null" };

function rcloneCommand({ server, key }: Stage, path: string): string[] {
  const login = ["--sftp-host", server.host, "--sftp-port", String(server.port), "--sftp-user", server.username];
  return ["rclone", "cat", "--quiet", ...login, "--sftp-key-file", key, `:sftp:${path}`];
}
