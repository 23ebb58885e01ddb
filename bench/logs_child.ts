/**
 * The least that can answer for a batch of events: Hono, which parses it and discards it. Started by `logs.ts`; prints its
 * port.
 *
 * @module
 */
import { Hono } from "hono";

const app = new Hono();
app.post("/events", async (context) => {
  let accepted = 0;
  for (const line of (await context.req.text()).split("\n")) {
    if (line !== "" && JSON.parse(line) !== null) accepted++;
  }
  return context.json({ accepted });
});
Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: ({ port }) => console.log(port) }, app.fetch);
