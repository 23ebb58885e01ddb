/**
 * The least that can answer for a profile: Hono and one read of SQLite by a unique column. Started by `entity.ts` with
 * the path of a new database and the number of profiles; prints its port.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { Hono } from "hono";

/** As many bytes as Waybill holds of each. */
const ATTRIBUTES = JSON.stringify({
  first_name: "Anna",
  last_name: "Kowalski",
  city: "New York",
  country: "US",
  phone: "+15550000000",
  birthday: "1980-01-01",
  note: "prefers e-mail",
  amount: "123.45",
  updated_at: "2024-06-01T00:00:00Z",
});

const [path = "", count = "1"] = Deno.args;
const database = new DatabaseSync(path);
database.exec("pragma page_size = 8192; pragma journal_mode = wal; pragma synchronous = off");
database.exec("create table profiles (id integer primary key, email text not null, attributes text not null) strict");
database.prepare(`
  with recursive number(n) as (select 0 union all select n + 1 from number where n + 1 < ?)
  insert into profiles (email, attributes) select 'user' || n || '@example.com', ? from number`)
  .run(Number(count), ATTRIBUTES);
database.exec("create unique index by_email on profiles (email)");
const byEmail = database.prepare("select attributes from profiles where email = ?");

const app = new Hono();
app.get("/profile/:email", (context) => {
  const row = byEmail.get(context.req.param("email"));
  return row === undefined ? context.notFound() : context.json({ data: JSON.parse(String(row.attributes)) });
});
Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: ({ port }) => console.log(port) }, app.fetch);
