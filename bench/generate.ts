/**
 * Made-up customer files for benchmarks and tests: the same seed gives the same bytes.
 *
 * @module
 */

/** How many rows, and which. */
export interface GenerateOptions {
  /** Rows after the header. */
  readonly rows: number;
  /** Any integer; 1 unless told. */
  readonly seed?: number;
  /** The first of every so many rows has a larger amount and a later time than in the file without; none unless told. */
  readonly changedEvery?: number;
}

/** Columns of {@linkcode generateCustomers}, in order. */
export const CUSTOMER_COLUMNS: readonly string[] = [
  "customer_id",
  "email",
  "first_name",
  "last_name",
  "city",
  "country",
  "phone",
  "birthday",
  "note",
  "amount",
  "updated_at",
];

const FIRST = [
  "Anna",
  "José",
  "Zoë",
  "Liam",
  "Mia",
  "Noah",
  "Søren",
  "Łucja",
  "Chloé",
  "Omar",
  "Yuki",
  "Nguyễn",
  "Eva",
];
const LAST = ["Müller", "García", "O'Brien", "Smith", "Kowalski", "Nowak", "Ivanov", "李", "Rossi", "Öztürk", "Dubois"];
const CITIES = ["Zürich", "New York", "São Paulo", "München", "Lyon", "Tokyo", "Kraków", "Portland", "東京", "Austin"];
const COUNTRIES = ["CH", "US", "BR", "DE", "FR", "JP", "PL"];
const NOTES = [
  "",
  "",
  "",
  "newsletter",
  "prefers e-mail",
  '"called ""VIP"" by support"',
  '"two lines:\nring the bell, then wait"',
  '"first, second"',
];

const FLUSH_LENGTH = 60_000;

/**
 * A customer CSV (RFC 4180 quoting, LF line ends, UTF-8) of about 120 bytes a row: unique ids in random order, accents
 * and other scripts, quoted commas, quotes and line ends.
 */
export async function* generateCustomers(
  { rows, seed = 1, changedEvery = 0 }: GenerateOptions,
): AsyncGenerator<Uint8Array> {
  const random = mulberry32(seed);
  const pick = (list: readonly string[]): string => list[Math.floor(random() * list.length)] ?? "";
  const digits = (value: number, length: number): string => String(value).padStart(length, "0");
  const order = permutation(rows, seed);
  const encoder = new TextEncoder();
  let text = CUSTOMER_COLUMNS.join(",") + "\n";
  for (let row = 0; row < rows; row++) {
    const id = order(row);
    const first = pick(FIRST);
    const last = pick(LAST);
    const changed = row % changedEvery === 0;
    const raise = changed ? 1_000 : 0;
    const day = new Date(Date.UTC(changed ? 2025 : 2024, 0, 1) + Math.floor(random() * 31_536_000) * 1_000);
    text += `C${digits(id, 8)},user${id}@example.com,${first},${last},${pick(CITIES)},${pick(COUNTRIES)},` +
      `+1555${digits(Math.floor(random() * 10_000_000), 7)},` +
      `${1940 + Math.floor(random() * 65)}-${digits(1 + Math.floor(random() * 12), 2)}-` +
      `${digits(1 + Math.floor(random() * 28), 2)},${pick(NOTES)},${(raise + random() * 1_000).toFixed(2)},` +
      `${day.toISOString().slice(0, 19)}Z\n`;
    if (text.length >= FLUSH_LENGTH) {
      yield encoder.encode(text);
      text = "";
    }
  }
  if (text !== "") yield encoder.encode(text);
}

/** A bijection of 0 … size - 1 that looks random, without a table of it. */
function permutation(size: number, seed: number): (index: number) => number {
  // A multiplier that shares no factor with the size visits every residue once.
  let multiplier = Math.max(1, Math.floor(size * 0.6180339887));
  while (greatestCommonDivisor(multiplier, size) !== 1) multiplier++;
  const shift = size === 0 ? 0 : (seed * 7_919) % size;
  return (index) => Number((BigInt(index) * BigInt(multiplier) + BigInt(shift)) % BigInt(size));
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** A small seeded generator of numbers in [0, 1); Math.random takes no seed. */
export function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
