import assert from "node:assert/strict";
import { collectLog, jobContract, memoryLedger, runJob } from "@waybill/waybill/testing";
import { memorySpool } from "@waybill/waybill/codecs";
import { Api } from "./api.ts";
import { API_KEY, makeContacts, startContactBook, type TestContactBook } from "./contact_book_testing.ts";
import { contactBookImport } from "./mod.ts";

/** Ten contacts, two of them broken, and one without a time. */
const CONTACTS = [...makeContacts(7), "no object", { contact_id: "K-9" }, ["nor this"]];

const CONFIG = { stream: "contacts", collection: "customers" };

function connectTo(book: TestContactBook): { api: Api } & AsyncDisposable {
  const api = new Api({ baseUrl: book.baseUrl, apiKey: API_KEY, log: collectLog().log });
  return { api, [Symbol.asyncDispose]: () => book[Symbol.asyncDispose]() };
}

jobContract(contactBookImport, {
  config: CONFIG,
  connect: async () => connectTo(startContactBook({ customers: CONTACTS, others: [] })),
  silent: async () => {
    const book = startContactBook({ customers: CONTACTS });
    const [waiting, released] = [Promise.withResolvers<void>(), Promise.withResolvers<Response>()];
    book.mood = (url) => {
      if (!url.searchParams.has("cursor")) return null;
      waiting.resolve();
      return released.promise;
    };
    const { api } = connectTo(book);
    const dispose = async () => {
      released.resolve(new Response());
      await book[Symbol.asyncDispose]();
    };
    return { connection: { api, [Symbol.asyncDispose]: dispose }, waiting: waiting.promise };
  },
});

Deno.test("contacts become events with their times; what is no object is rejected with its number", async () => {
  await using connection = connectTo(startContactBook({ customers: CONTACTS }));
  const { rows, rejected, progress } = await runJob(contactBookImport, { config: CONFIG, connection });
  assert.equal(rows.length, 8);
  assert.deepEqual(rows[1], {
    fields: { contact_id: "K-2", email: "contact2@example.com", tags: [], updated_at: "2026-01-01T00:00:01.000Z" },
    time: Date.UTC(2026, 0, 1, 0, 0, 1),
  });
  assert.deepEqual(rows[7], { fields: { contact_id: "K-9" } });
  assert.deepEqual(
    rejected.map(({ line, raw, reason }) => [line, new TextDecoder().decode(raw), reason]),
    [[8, '"no object"', "Is no JSON object"], [10, '["nor this"]', "Is no JSON object"]],
  );
  assert.deepEqual(progress.at(-1), { done: 10, total: 10, unit: "rows", note: "customers" });
});

Deno.test("a run resumed at a page asks for no page before it", async () => {
  const book = startContactBook({ customers: CONTACTS });
  await using connection = connectTo(book);
  await runJob(contactBookImport, { config: CONFIG, connection, checkpoint: { next: "6", read: 6 } });
  const pages = book.requests.filter((request) => request.includes("/contacts"));
  assert.deepEqual(pages.map((request) => /cursor=(\d+)/.exec(request)?.[1]), ["6", "8"]);
});

Deno.test("pages that fail for a while cost attempts, not rows", async () => {
  const book = startContactBook({ customers: CONTACTS });
  let failures = 0;
  book.mood = () => ++failures % 2 === 0 ? null : new Response(null, { status: 503, headers: { "retry-after": "0" } });
  await using connection = connectTo(book);
  const { rows, rejected } = await runJob(contactBookImport, { config: CONFIG, connection });
  assert.deepEqual([rows.length, rejected.length], [8, 2]);
});

Deno.test("the plan says what it could not find", async () => {
  await using connection = connectTo(startContactBook({ customers: CONTACTS }));
  const config = contactBookImport.config.parse({ ...CONFIG, identify_by: ["phone"], time_field: "seen" });
  const { signal } = new AbortController();
  const plan = await contactBookImport.plan?.({
    config,
    continuous: false,
    connection,
    signal,
    log: collectLog().log,
    files: memoryLedger(),
    spool: memorySpool(),
  });
  assert.equal(plan?.summary, '10 contacts of collection "customers" would be imported');
  assert.deepEqual(plan.sample?.rows[0], ["K-1", "contact1@example.com", '["even"]', "2026-01-01T00:00:00.000Z"]);
  assert.deepEqual(plan.notes, [
    'No contact of the first page has "phone", which is to identify a profile.',
    'No contact of the first page has "seen".',
  ]);
});
