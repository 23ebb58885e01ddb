/**
 * Makes `customers.csv`, the file that the demo imports: the same bytes on every machine.
 *
 * Run it with `deno run --allow-write=examples/customers.csv examples/make_customers.ts`; the file's description is in
 * `examples/README.md`.
 *
 * @module
 */
import { type Place, PLACES } from "./customer_places.ts";

/** The header's names, in the order of the file. */
export const COLUMNS = [
  "customer_id",
  "email",
  "first_name",
  "last_name",
  "company",
  "street",
  "city",
  "country",
  "phone",
  "birthday",
  "lifetime_value",
  "note",
  "updated_at",
] as const;

/** One customer as the shop knew them at `updated_at`. */
export type Customer = Record<(typeof COLUMNS)[number], string>;

/** The file and what an import of it should find, identified by `customer_id` and `email`. */
export interface CustomerFile {
  /** The file. */
  readonly bytes: Uint8Array;
  /** The rows that can be read, in the order of the file. */
  readonly readable: readonly Customer[];
  /** How many rows cannot be read. */
  readonly broken: number;
  /** How many people the readable rows describe. */
  readonly people: number;
}

const PEOPLE = 2_350;
const FIRST_UPDATE = Date.UTC(2024, 0, 8, 6, 0, 0);
const UPDATE_SPAN_MS = 500 * 86_400_000;

/** A small seeded generator (mulberry32), so that the file never changes by itself. */
class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** A number from 0 up to, but without, 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** A whole number from `low` to `high`, both included. */
  whole(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  /** Whether something of this probability happens. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** One of a list that is not empty. */
  pick<T>(list: readonly T[]): T {
    const chosen = list[this.whole(0, list.length - 1)];
    if (chosen === undefined) throw new RangeError("Nothing to pick from");
    return chosen;
  }
}

const TRADES = ["Nordlicht", "Atelier 9", "Café Olé", "Blue Heron", "Óptica Sol", "Ферма", "みどり", "Kilo & Gram"];

const NOTES = [
  'Says "hello" to everyone at the till',
  "Allergic to nuts; no samples, please",
  "Deliver to the neighbour,\nMs. Özdemir, 2nd floor",
  'Called on Monday.\nSays: "never again by courier".\n\nSent a voucher 🎁',
  "VIP – 10 % off",
  "Ring twice, the dog is friendly 🐕",
  '"Quoted" from the first word on',
  "Wants the catalogue on paper\r\n(and the invoice by e-mail)",
  "Semicolons; tabs\tand, of course, commas",
  "Birthday given by phone, not checked",
  "=SUM(A1:A9) was in this cell when we got it",
  "Naïve façade, 20 °C, ½ price, €5",
];

function weightedPlace(dice: Dice): Place {
  const total = PLACES.reduce((sum, place) => sum + place.weight, 0);
  let left = dice.next() * total;
  for (const place of PLACES) {
    left -= place.weight;
    if (left < 0) return place;
  }
  return dice.pick(PLACES);
}

function digits(pattern: string, dice: Dice): string {
  return pattern.replaceAll("#", () => String(dice.whole(0, 9)));
}

function timestamp(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(".000Z", "Z");
}

function addressLines(place: Place, dice: Dice): string {
  const street = dice.pick(place.streets).replace("#", String(dice.whole(1, 199)));
  return dice.chance(0.06)
    ? `${street}\n${dice.pick(["c/o Atelier 9", "2nd floor", "Door code 4711", "Hinterhof"])}`
    : street;
}

function person(number: number, dice: Dice): Customer {
  const place = weightedPlace(dice);
  const [first, firstAscii] = dice.pick(place.first);
  const [last, lastAscii] = dice.pick(place.last);
  const nickname = dice.chance(0.02) ? `${first} "${dice.pick(["Rosie", "Kit", "Mo", "Lux"])}"` : first;
  const host = dice.pick(["example.com", "example.org", "example.net", `mail.example.${place.country.toLowerCase()}`]);
  const born = Date.UTC(dice.whole(1938, 2006), dice.whole(0, 11), dice.whole(1, 28));
  return {
    customer_id: `C-${100_000 + number}`,
    email: `${firstAscii}.${lastAscii}${number}@${host}`,
    first_name: nickname,
    last_name: last,
    company: dice.chance(0.22) ? `${dice.pick(TRADES)} ${dice.pick(place.companies)}` : "",
    street: dice.chance(0.95) ? addressLines(place, dice) : "",
    city: dice.pick(place.cities),
    country: place.country,
    phone: dice.chance(0.7) ? digits(place.phone, dice) : "",
    birthday: dice.chance(0.6) ? new Date(born).toISOString().slice(0, 10) : "",
    lifetime_value: dice.chance(0.9) ? (dice.next() ** 3 * 9_000).toFixed(2) : "",
    note: dice.chance(0.12) ? dice.pick(NOTES) : "",
    updated_at: timestamp(FIRST_UPDATE + dice.whole(0, UPDATE_SPAN_MS / 1000) * 1000),
  };
}

/** The same person some weeks later: moved, spent, wrote, or took another address. */
function later(before: Customer, number: number, dice: Dice): Customer {
  const place = PLACES.find(({ country }) => country === before.country) ?? dice.pick(PLACES);
  const after = { ...before };
  after.updated_at = timestamp(Date.parse(before.updated_at) + dice.whole(3_600, 60 * 86_400) * 1000);
  after.lifetime_value = (Number(before.lifetime_value) + dice.next() * 400).toFixed(2);
  if (dice.chance(0.4)) {
    after.street = addressLines(place, dice);
    after.city = dice.pick(place.cities);
  }
  if (dice.chance(0.3)) after.phone = digits(place.phone, dice);
  if (dice.chance(0.2)) after.note = dice.pick(NOTES);
  // One of the two identities stays the same, so the row still finds its profile.
  const change = before.customer_id === "" ? 1 : dice.next();
  if (change < 0.15) after.email = before.email.replace("@", `.${number}@`);
  else if (change < 0.3) after.customer_id = "";
  return after;
}

/**
 * Somebody whom the shop knew twice, in the shop by id and in the newsletter by e-mail, until one row showed both:
 * the moment when two profiles turn out to be one.
 */
function knownTwice(number: number, dice: Dice): Customer[] {
  const both = person(number, dice);
  const start = FIRST_UPDATE + dice.whole(0, UPDATE_SPAN_MS / 2000) * 1000;
  const at = (days: number): string => timestamp(start + days * 86_400_000);
  return [
    { ...both, email: "", note: "Signed up at the till", updated_at: at(0) },
    { ...both, customer_id: "", company: "", street: "", phone: "", note: "", updated_at: at(9) },
    { ...both, note: "Showed the loyalty card online", updated_at: at(120) },
  ];
}

/** RFC 4180: quotes where they are needed, and now and then where they are not. */
function cell(value: string, dice: Dice): string {
  const needed = /[",\r\n]/.test(value);
  return needed || (value !== "" && dice.chance(0.02)) ? `"${value.replaceAll('"', '""')}"` : value;
}

function line(customer: Customer, dice: Dice): string {
  return COLUMNS.map((column) => cell(customer[column], dice)).join(",");
}

/** Rows that no reader can take as they stand, each with how far into the file it lies (0 to 1). */
function brokenRows(): readonly (readonly [place: number, bytes: Uint8Array])[] {
  const text = (row: string): Uint8Array => new TextEncoder().encode(row);
  const latin1 = (row: string): Uint8Array => Uint8Array.from(row, (letter) => letter.charCodeAt(0));
  return [
    // Commas that nobody quoted make more cells than the header has.
    [
      0.08,
      text(
        "C-900001,ines.baker@example.com,Ines,Baker,Baker, Sons & Co,1 Mill Lane,York,GB,+44 7700 900001,1971-03-04,120.50,Asked for a call,2024-03-01T09:00:00Z",
      ),
    ],
    [
      0.33,
      text(
        "C-900002,olaf.berg@example.com,Olaf,Berg,Berg AS,Storgata 7, 2. etasje,Oslo,NO,+47 400 00 002,1980-11-30,75.00,Pays by invoice,2024-06-12T14:30:00Z",
      ),
    ],
    // ISO 8859-1 in a file of UTF-8.
    [
      0.21,
      latin1(
        "C-900003,joerg.f@example.com,J\xf6rg,F\xfcrst,,Ringstr. 9,K\xf6ln,DE,+49 171 3920003,1969-05-17,310.00,,2024-05-02T08:15:00Z",
      ),
    ],
    [
      0.62,
      latin1(
        "C-900004,celine.r@example.com,C\xe9line,Roux,,3 rue Haute,Orl\xe9ans,FR,,1992-08-08,42.10,,2024-09-21T17:45:00Z",
      ),
    ],
    // A cell that lost its text to zero bytes on some disk.
    [0.47, text("C-900005,max.null@example.com,Max,Null,,Am Damm 2,Kiel,DE,,,18.00,\0\0\0\0\0\0,2024-07-30T11:00:00Z")],
    [0.81, text("C-900006,\0\0\0\0,Greta,Lund,,Havnegade 1,Aarhus,DK,,1999-12-31,5.00,,2024-11-05T19:20:00Z")],
    // A nickname put outside of the quotes.
    [
      0.7,
      text(
        'C-900008,rosa.m@example.com,"Rosa" (Rosie),Müller,,Königstraße 5,Lübeck,DE,,1984-02-29,99.90,,2024-10-18T12:05:00Z',
      ),
    ],
    // The export broke off in the middle of a note: the quote is never closed.
    [1, text('C-900007,last.one@example.com,Last,One,,9 Dock Road,Hull,GB,,,64.00,"Was just about to tell us that')],
  ];
}

/** How many people the rows describe: rows that share a customer id or an e-mail address describe one. */
function countPeople(rows: readonly Customer[]): number {
  const parents: number[] = rows.map((_, index) => index);
  const root = (index: number): number => {
    let at = index;
    for (let up = parents[at] ?? at; up !== at; up = parents[at] ?? at) at = up;
    return at;
  };
  const seen = new Map<string, number>();
  rows.forEach((row, index) => {
    for (const identity of [row.customer_id, row.email]) {
      if (identity === "") continue;
      const other = seen.get(identity);
      if (other === undefined) seen.set(identity, index);
      else parents[root(index)] = root(other);
    }
  });
  return parents.filter((parent, index) => parent === index).length;
}

/** The rows in the order in which the shop wrote them: by `updated_at`, but for a few that arrived late. */
function inFileOrder(rows: readonly Customer[], dice: Dice): Customer[] {
  const lateMs = (): number => (dice.chance(0.03) ? dice.whole(1, 20) * 86_400_000 : 0);
  return rows
    .map((row) => ({ row, at: Date.parse(row.updated_at) + lateMs() }))
    .sort((left, right) => left.at - right.at)
    .map(({ row }) => row);
}

/** Makes the file and says what is in it. */
export function makeCustomers(): CustomerFile {
  const dice = new Dice(20_240_108);
  const rows: Customer[] = [];
  for (let number = 0; number < PEOPLE; number++) {
    if (number % 180 === 90) {
      rows.push(...knownTwice(number, dice));
      continue;
    }
    const versions = [person(number, dice)];
    if (dice.chance(0.14)) versions.push(later(versions[0] ?? person(number, dice), number, dice));
    if (versions[1] !== undefined && dice.chance(0.3)) versions.push(later(versions[1], number, dice));
    rows.push(...versions);
  }
  const readable = inFileOrder(rows, dice);
  const lines: Uint8Array[] = readable.map((row) => new TextEncoder().encode(line(row, dice)));
  const broken = brokenRows();
  // From the back, so that a row put in does not move the place of the next.
  for (const [place, bytes] of broken.toSorted(([left], [right]) => right - left)) {
    lines.splice(Math.round(place * readable.length), 0, bytes);
  }
  lines.unshift(new TextEncoder().encode(COLUMNS.join(",")));
  return { bytes: joinLines(lines), readable, broken: broken.length, people: countPeople(readable) };
}

/** The last line gets no line end: it is the one that broke off. */
function joinLines(lines: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(lines.reduce((sum, { length }) => sum + length + 1, -1));
  let at = 0;
  for (const part of lines) {
    bytes.set(part, at);
    at += part.length;
    if (at < bytes.length) bytes[at++] = 0x0a;
  }
  return bytes;
}

if (import.meta.main) {
  const { bytes, readable, broken, people } = makeCustomers();
  Deno.writeFileSync(new URL("./customers.csv", import.meta.url), bytes);
  console.error(`customers.csv: ${readable.length} readable rows of ${people} people, ${broken} broken rows`);
}
