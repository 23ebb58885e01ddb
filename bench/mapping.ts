/**
 * An import by a mapping in LQL beside one by the plain mapping, and the replay of its events under another.
 *
 * @module
 */
import { costs, median, rounds, spread, table, timesAsLong, verdict } from "./figures.ts";
import { writeCustomers } from "./files.ts";
import { type Measure, measure } from "./measure.ts";
import { type Home, Stage, WAYBILL } from "./stage.ts";

/** Twelve columns: casts, a set, a count, conditions. */
const LQL = `
SELECT customer_id,
  email(email) AS email,
  title(first_name) AS first_name,
  concat(first_name, " ", last_name) AS name,
  city,
  toupper(country) AS country,
  set(city) AS cities,
  count(customer_id) AS updates,
  sum(tonumber(amount)) AS spent,
  max(toint(amount)) AS most IF country != "US",
  birthday KIND DATE,
  todate(updated_at) AS first_update IF amount > 10 MERGEOP OLDEST
FROM customers INTO user BY customer_id OR email`;

/** What one round took. */
interface Round {
  readonly plain: Measure;
  readonly mapped: Measure;
  readonly replay: Measure;
  /** Another replay, which also removes what that one replaced. */
  readonly again: Measure;
}

/** Measures both; lines of Markdown. */
export async function benchMapping(rows: number, count: number): Promise<string[]> {
  await using stage = await Stage.open();
  await writeCustomers(stage.path("customers.csv"), { rows });
  const lql = `${stage.folder}/mapping.lql`, other = `${stage.folder}/other.lql`;
  await Deno.writeTextFile(lql, LQL);
  await Deno.writeTextFile(other, LQL.replace("AS spent", "AS revenue"));
  const figures: Round[] = [];
  for (let round = 0; round < count; round++) {
    await using plain = await stage.home({ local: true });
    await using mapped = await stage.home({ local: true });
    await waybill(mapped, "mapping", "create", "--file", lql);
    const figure = {
      plain: await plain.journey("customers.csv"),
      mapped: await mapped.journey("customers.csv"),
      replay: await waybill(mapped, "mapping", "update", "customers", "--file", other),
      again: await waybill(mapped, "mapping", "update", "customers", "--file", lql),
    };
    figures.push(figure);
    console.error(
      `mapping: ${figure.plain.wall} s plain, ${figure.mapped.wall} s mapped, ${figure.replay.wall} s replayed, ${figure.again.wall} s again`,
    );
  }
  const of = (name: keyof Round) => figures.map((figure) => figure[name]);
  const speeds = (one: keyof Round, other: keyof Round, limit: number) => {
    const ratios = timesAsLong(of(other), of(one));
    return [spread(ratios), verdict(median(ratios), { is: "≥", limit })];
  };
  return [
    `${rows.toLocaleString("en")} rows from a local folder, two identities a row; ${rounds(count)}`,
    "",
    ...table(["", "wall s", "CPU s", "peak MiB", "× the speed of", "", "goal"], [
      ["import by the plain mapping", ...costs(of("plain")), "", "", ""],
      ["import by 12 columns of LQL", ...costs(of("mapped")), "the plain one", ...speeds("mapped", "plain", 0.7)],
      ["replay under 12 other columns", ...costs(of("replay")), "that import", ...speeds("replay", "mapped", 1)],
      ["replay under the first 12", ...costs(of("again")), "that import", ...speeds("again", "mapped", 1)],
    ]),
    "",
    "A replay's time is the command's. The first replaces what the import made; the second also removes that, as each",
    "does with what the one before it replaced.",
  ];
}

function waybill(home: Home, ...args: readonly string[]): Promise<Measure> {
  return measure([...WAYBILL, ...args, "--home", home.path], { WAYBILL_DATABASE_URL: "" });
}
