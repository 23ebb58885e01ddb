/**
 * The journey of a file that is zipped and encrypted, beside the programs that one would string together for it.
 *
 * @module
 */
import { costs, median, rounds, spread, table, timesAsLong, verdict } from "./figures.ts";
import { writeCustomers } from "./files.ts";
import { type GnuPg, openGnuPg } from "./gnupg.ts";
import { type Measure, measure } from "./measure.ts";
import { Stage } from "./stage.ts";

const FILE = "customers.csv.gz.pgp";

/** What one round took. */
interface Round {
  readonly encrypted: Measure;
  readonly plain: Measure;
  readonly peer: Measure;
}

/** Measures both, and the journey of the same file as it was before; lines of Markdown. */
export async function benchEncrypted(rows: number, count: number): Promise<string[]> {
  await using stage = await Stage.open();
  await using gnupg = await openGnuPg(stage.folder);
  const plain = stage.path("customers.csv");
  const size = await writeCustomers(plain, { rows });
  const zipped = `${stage.folder}/customers.csv.gz`;
  await measure(["/bin/sh", "-c", 'exec gzip -c "$0" > "$1"', plain, zipped]);
  await gnupg.encrypt(zipped, stage.path(FILE));
  const { size: encryptedSize } = await Deno.stat(stage.path(FILE));
  const figures: Round[] = [];
  for (let round = 0; round < count; round++) {
    const figure = await measureRound(stage, gnupg);
    figures.push(figure);
    console.error(`encrypted: ${figure.encrypted.wall} s, ${figure.plain.wall} s plain, beside ${figure.peer.wall} s`);
  }
  const of = (name: keyof Round) => figures.map((figure) => figure[name]);
  const ratios = timesAsLong(of("encrypted"), of("peer"));
  return [
    `${rows.toLocaleString("en")} rows, two identities a row, ${(size / 1e6).toFixed(0)} MB of CSV, by \`gzip\` and ` +
    `\`gpg --encrypt\` ${(encryptedSize / 1e6).toFixed(0)} MB, from OpenSSH on loopback. ${rounds(count)}`,
    "",
    ...table(["", "wall s", "CPU s", "peak MiB", "× the programs' time", "goal"], [
      ["Waybill", ...costs(of("encrypted")), spread(ratios), verdict(median(ratios), { is: "≤", limit: 2.2 })],
      ["Waybill, the file as it was before", ...costs(of("plain")), spread(timesAsLong(of("plain"), of("peer"))), ""],
      ["`sftp`, `gpg -d \\| gunzip`, `sqlite3 .import` into a flat table", ...costs(of("peer")), "", ""],
    ]),
  ];
}

async function measureRound(stage: Stage, gnupg: GnuPg): Promise<Round> {
  await using home = await stage.home({ pgpKey: gnupg.keyFile });
  await using other = await stage.home();
  const encrypted = await home.journey(FILE);
  const peer = await runPrograms(stage, gnupg);
  const plain = await other.journey("customers.csv");
  return { encrypted, plain, peer };
}

/** Fetches the file, decrypts and unpacks it, and imports what comes out, one after another as a script does. */
async function runPrograms(stage: Stage, gnupg: GnuPg): Promise<Measure> {
  const folder = await Deno.makeTempDir({ dir: stage.folder, prefix: "peer-" });
  const [fetched, unpacked, database] = [`${folder}/${FILE}`, `${folder}/customers.csv`, `${folder}/peer.db`];
  const script = [
    "set -e",
    words(stage.fetch(stage.path(FILE), fetched)),
    `${words([...gnupg.command, "--decrypt", fetched])} | gunzip > ${words([unpacked])}`,
    words(["sqlite3", database, ".mode csv", `.import ${unpacked} customers`]),
  ];
  const measured = await measure(["/bin/sh", "-c", script.join("\n")]);
  await Deno.remove(folder, { recursive: true });
  return measured;
}

/** Words as a shell takes them. */
function words(command: readonly string[]): string {
  return command.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
}
