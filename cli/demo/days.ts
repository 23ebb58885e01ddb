/**
 * What a partner would send on three days: the example, and twice the same with a few changes.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { encryptPgp, readPublicKey } from "../../core/codecs/mod.ts";
import { zipOf } from "./zip_file.ts";

/** The file that jobs begin with, and what the names of all begin with. */
export const FIRST = "customers_20260301.csv";
/** A regular expression. */
export const PREFIX = "customers_";

/** A file to be uploaded. */
export interface DayFile {
  readonly name: string;
  readonly content: Uint8Array;
}

/** A row of the example, as it stands there, and as it is a day later. */
const CHANGED = ["789.03,,2024-01-08T11:13:11Z", "802.53,,2026-03-02T09:15:00Z"] as const;
const NEW_ROWS = [
  "C-900001,nils.aas@example.org,Nils,Aas,,Storgata 1,Oslo,NO,,1990-05-17,12.00,,2026-03-02T10:00:00Z\n",
  "C-900002,ines.faro@example.org,Ines,Faro,,Rua Nova 2,Porto,PT,,1985-10-05,34.50,,2026-03-03T10:00:00Z\n",
] as const;

/** The first day's file. */
export function firstDay(example: Uint8Array): DayFile {
  return { name: FIRST, content: example };
}

/** The files of the next two days; the last is zipped, and encrypted to the key. */
export async function nextDays(example: Uint8Array, publicKey: string): Promise<readonly DayFile[]> {
  // A character a byte: some of its bytes are no text in any encoding, and stay what they are.
  const second = withRow(Buffer.from(example).toString("latin1").replace(...CHANGED), NEW_ROWS[0]);
  const third = Buffer.from(withRow(second, NEW_ROWS[1]), "latin1");
  const zip = zipOf("customers_20260303.csv", third);
  const sealed = await encryptPgp(new Blob([zip.slice()]).stream(), { recipients: [await readPublicKey(publicKey)] });
  return [
    { name: "customers_20260302.csv", content: Buffer.from(second, "latin1") },
    { name: "customers_20260303.csv.zip.pgp", content: new Uint8Array(await new Response(sealed).arrayBuffer()) },
  ];
}

/** The file with one more row, at its beginning: its last one has a quote that is never closed. */
function withRow(file: string, row: string): string {
  const end = file.indexOf("\n") + 1;
  return file.slice(0, end) + row + file.slice(end);
}
