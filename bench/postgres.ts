/**
 * The journey into PostgreSQL beside psql's `\copy` into a table with two unique columns.
 *
 * @module
 */
import { requirePostgres, startPostgres } from "../core/testing/mod.ts";
import { costs, rounds, spread, table, timesAsLong } from "./figures.ts";
import { writeCustomers } from "./files.ts";
import { CUSTOMER_COLUMNS } from "./generate.ts";
import { type Measure, measure } from "./measure.ts";
import { Stage } from "./stage.ts";

/** As a server is run that may not lose what it committed; the tests' own settings may. */
const SETTINGS = {
  fsync: "on",
  full_page_writes: "on",
  synchronous_commit: "on",
  shared_buffers: "256MB",
  max_wal_size: "4GB",
};

/** Measures both into databases of one server; lines of Markdown. */
export async function benchPostgres(rows: number, count: number): Promise<string[]> {
  if (!requirePostgres()) return ["Skipped: PostgreSQL's server (Debian package postgresql) is not installed."];
  await using stage = await Stage.open();
  await using postgres = await startPostgres({ settings: SETTINGS });
  await writeCustomers(stage.path("customers.csv"), { rows });
  const waybill: Measure[] = [];
  const copy: Measure[] = [];
  for (let round = 0; round < count; round++) {
    const database = await postgres.createDatabase();
    await using home = await stage.home({ database });
    waybill.push(await home.journey("customers.csv"));
    const stored = await postgres.sql("select count(*) from profiles", new URL(database).pathname.slice(1));
    if (Number(stored) !== rows) throw new Error(`PostgreSQL holds ${stored} profiles of ${rows}`);
    copy.push(await measureCopy(await postgres.createDatabase(), stage.path("customers.csv")));
    console.error(`postgres: ${waybill[round]?.wall} s beside ${copy[round]?.wall} s`);
  }
  return [
    `${
      rows.toLocaleString("en")
    } rows over SFTP; \`\\copy\` reads the local file. fsync and synchronous_commit are on. ` +
    `CPU and memory are the client's, without the database's server. ${rounds(count)}`,
    "",
    ...table(["", "wall s", "CPU s", "peak MiB", "× `\\copy`"], [
      [
        "Waybill, SFTP to archive and profiles with two identities a row",
        ...costs(waybill),
        spread(timesAsLong(waybill, copy)),
      ],
      ["psql's `\\copy` into a table with two unique columns", ...costs(copy), "1"],
    ]),
  ];
}

async function measureCopy(database: string, path: string): Promise<Measure> {
  const columns = CUSTOMER_COLUMNS.map((name) =>
    `${name} text${["customer_id", "email"].includes(name) ? " unique" : ""}`
  );
  const psql = ["psql", "--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", "--dbname", database];
  await measure([...psql, "--command", `create table customers (${columns.join(", ")})`]);
  return await measure([...psql, "--command", `\\copy customers from '${path}' (format csv, header)`]);
}
