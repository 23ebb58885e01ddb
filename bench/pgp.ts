/**
 * Decrypting what GnuPG writes, beside GnuPG and openpgp as it comes.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { costs, type Goal, median, rounds, spread, table, verdict } from "./figures.ts";
import { writeRandom } from "./files.ts";
import { openGnuPg } from "./gnupg.ts";
import { type Measure, measure } from "./measure.ts";

/** A round of one program: the whole process, and how long it decrypted. */
interface Round extends Measure {
  readonly seconds: number;
}

/** Measures decryption, and its memory with a large file; lines of Markdown. */
export async function benchPgp(megabytes: number, count: number, large: number): Promise<string[]> {
  await using place = await openPlace();
  await place.encrypt("message", megabytes);
  const [waybill, openpgp, gpg, gpgFile]: [Round[], Round[], Round[], Round[]] = [[], [], [], []];
  for (let round = 0; round < count; round++) {
    waybill.push(await place.runChild("waybill", "message"));
    gpg.push(await place.runGpg("message"));
    gpgFile.push(await place.runGpgToFile("message"));
    openpgp.push(await place.runChild("openpgp", "message"));
    const seconds = [waybill, gpg, openpgp].map((rounds) => `${rounds[round]?.seconds.toFixed(2)} s`);
    console.error(`pgp: ${seconds[0]} beside ${seconds[1]} and ${seconds[2]}`);
  }
  const times = (one: readonly Round[], other: readonly Round[]) =>
    one.map((r, pair) => r.seconds / other[pair]!.seconds);
  const line = (name: string, measures: readonly Round[], gpgGoal?: Goal, openpgpGoal?: Goal) => {
    const [byGpg, byOpenpgp] = [times(gpg, measures), times(openpgp, measures)];
    return [
      name,
      spread(measures.map(({ seconds }) => megabytes / seconds), 0),
      ...costs(measures),
      spread(byGpg),
      gpgGoal === undefined ? "" : verdict(median(byGpg), gpgGoal),
      spread(byOpenpgp),
      openpgpGoal === undefined ? "" : verdict(median(byOpenpgp), openpgpGoal),
    ];
  };
  const lines = [
    `${megabytes} MB that do not compress, as gpg encrypts them (AES-256 in CFB, MDC, RSA 3072, not compressed), from a file ` +
    `to /dev/null. MB/s and ratios: from the opening of the file to its last byte, gpg with its start; wall, CPU and peak: ` +
    `whole processes. Waybill writes to its spool and reads that once all is authentic; gpg gives out what it has not ` +
    `verified, so that the same takes it a file; openpgp holds all in memory. ${rounds(count)}`,
    "",
    ...table(
      ["", "MB/s", "wall s", "CPU s", "peak MiB", "× gpg's speed", "goal", "× openpgp's speed", "goal"],
      [
        line("Waybill", waybill, { is: "≥", limit: 0.25 }, { is: "≥", limit: 10 }),
        line("`gpg --decrypt`", gpg),
        line("`gpg --output FILE`, then reading it", gpgFile),
        line("openpgp as it comes", openpgp),
      ],
    ),
  ];
  await place.encrypt("large", large);
  const { memory, seconds } = await place.runChild("waybill", "large");
  const goal = verdict(memory, { is: "≤", limit: 320, unit: " MiB" });
  return [...lines, "", `${large} MB: ${seconds.toFixed(1)} s, peak memory ${memory.toFixed(0)} MiB (${goal}).`];
}

/** A folder with a key and messages. */
interface Place extends AsyncDisposable {
  /** Makes random bytes, and encrypts them. */
  encrypt(name: string, megabytes: number): Promise<void>;
  runChild(program: "waybill" | "openpgp", name: string): Promise<Round>;
  runGpg(name: string): Promise<Round>;
  /** Decrypts to a file, and reads that once gpg has found nothing wrong with it. */
  runGpgToFile(name: string): Promise<Round>;
}

async function openPlace(): Promise<Place> {
  const folder = await Deno.makeTempDir({ prefix: "waybill-pgp-" });
  const gnupg = await openGnuPg(folder);
  const child = fileURLToPath(new URL("./pgp_child.ts", import.meta.url));
  const permissions = ["--no-prompt", "--allow-read", "--allow-write"];
  return {
    async encrypt(name, megabytes) {
      const plain = `${folder}/${name}.bin`;
      await writeRandom(plain, Math.ceil(megabytes * 1_000_000 / 1_048_576));
      await gnupg.encrypt(plain, `${folder}/${name}`, "--compress-algo", "none");
      await Deno.remove(plain);
    },
    async runChild(program, name) {
      const command = [Deno.execPath(), "run", "--quiet", ...permissions, child, program, gnupg.keyFile, name, folder];
      const measured = await measure(command);
      return { ...measured, seconds: Number(await Deno.readTextFile(`${folder}/seconds`)) };
    },
    async runGpg(name) {
      const measured = await measure([...gnupg.command, "--output", "/dev/null", "--decrypt", `${folder}/${name}`]);
      return { ...measured, seconds: measured.wall };
    },
    async runGpgToFile(name) {
      const output = `${folder}/plain`;
      const command = [...gnupg.command, "--output", output, "--decrypt", `${folder}/${name}`];
      const measured = await measure(["/bin/sh", "-c", '"$@" && exec cat "$0"', output, ...command]);
      await Deno.remove(output);
      return { ...measured, seconds: measured.wall };
    },
    async [Symbol.asyncDispose]() {
      await gnupg[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}
