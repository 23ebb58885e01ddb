/**
 * The job type `http-export`: the members of an audience to an endpoint, batch by batch.
 *
 * @module
 */
import {
  defineExport,
  type ExportContext,
  type ExportJobDefinition,
  type ExportPlanContext,
  type ExportReading,
  type FieldMeta,
  type JsonValue,
  type Member,
  membersOf,
  nameList,
  type Plan,
} from "@waybill/waybill";
import { z } from "zod";
import type { Delivery } from "./endpoint.ts";
import { httpEndpoint, type HttpEndpointConnection, httpEndpointToken } from "./provider.ts";

/** What the job type is configured with. */
export type HttpExportConfig = z.ZodObject<{
  audience: z.ZodString;
  fields: ReturnType<typeof nameList>;
  batch_size: z.ZodDefault<z.ZodInt>;
}>;

/** Where an export stands: the last member that was delivered, and what was delivered up to it. */
export type HttpExportPosition = z.ZodObject<{ after: z.ZodInt; members: z.ZodInt; bytes: z.ZodInt }>;

type Config = z.output<HttpExportConfig>;
type Position = z.output<HttpExportPosition>;

/** Members that a plan shows. */
const SAMPLE_ROWS = 5;

const config: HttpExportConfig = z.object({
  audience: z.string().min(1, "must name an audience").meta(
    { title: "Audience", help: "Audience whose members are sent.", placeholder: "vip" } satisfies FieldMeta,
  ),
  fields: nameList().meta(
    {
      title: "Fields",
      help: "Fields that are sent. Without any, all of them.",
      placeholder: "email,city",
    } satisfies FieldMeta,
  ),
  batch_size: z.int().min(1).max(10_000).default(500).meta(
    { title: "Batch size", help: "Most members of one request.", advanced: true } satisfies FieldMeta,
  ),
});

/** Sends the members of an audience to an endpoint. */
export const httpExport: ExportJobDefinition<
  readonly [typeof httpEndpointToken],
  HttpExportConfig,
  HttpExportPosition
> = defineExport({
  id: "http-export",
  title: "HTTP export",
  summary: "Sends the members of an audience to an HTTP endpoint, in batches of JSON.",
  provider: httpEndpoint,
  direction: "export",
  auths: [httpEndpointToken],
  config,
  schedule: "optional",
  checkpoint: z.object({ after: z.int().min(0), members: z.int().min(0), bytes: z.int().min(0) }),
  from: ({ audience, fields }) => ({ audience, fields }),
  sources: { audience: "audience", fields: "fields" },
  plan,
  run,
});

async function run(context: ExportContext<Config, HttpEndpointConnection, Position>): Promise<void> {
  const { connection: { endpoint }, log, run, signal } = context;
  let { after, members, bytes } = context.checkpoint ?? { after: 0, members: 0, bytes: 0 };
  if (members > 0) log.info(`Going on after ${members} members, the last with id ${after}`);
  const told = () => ({ rows: members, bytes, path: endpoint.place });
  for await (const { batch, share } of batchesAfter(context, after)) {
    const delivery = await deliveryOf(run.id, context.audience.slug, batch);
    await endpoint.deliver(delivery, signal);
    after = batch.at(-1)!.id;
    members += batch.length;
    bytes += delivery.body.length;
    // What was taken before a crash, and not committed, is delivered again: the same batch with the same key.
    await context.commit({ after, members, bytes }, told());
    context.progress({ done: members, unit: "rows", bytes, share });
  }
  // An audience without members is an export, too.
  if (members === 0) await context.commit({ after, members, bytes }, told());
}

/** The members after one as the endpoint gets them: as many at a time as it takes, however they are read. */
async function* batchesAfter(
  { columns, config, members }: ExportReading<Config, HttpEndpointConnection>,
  after: number,
): AsyncGenerator<{ readonly batch: readonly Member[]; readonly share: number }> {
  let waiting: Member[] = [];
  let share = 0;
  for await (const read of members({ after })) {
    share = read.share;
    waiting.push(...membersOf(read, columns));
    for (; waiting.length >= config.batch_size; waiting = waiting.slice(config.batch_size)) {
      yield { batch: waiting.slice(0, config.batch_size), share };
    }
  }
  if (waiting.length > 0) yield { batch: waiting, share };
}

/**
 * A batch as it is sent. Its key follows from all that is sent: the same batch has the same key in a later attempt, and
 * one whose members changed meanwhile another, for an endpoint passes over a key that it knows.
 */
async function deliveryOf(run: string, audience: string, members: readonly Member[]): Promise<Delivery> {
  const body = new TextEncoder().encode(JSON.stringify({ run, audience, members }));
  return { body, key: new Uint8Array(await crypto.subtle.digest("SHA-256", body)).toHex() };
}

async function plan(context: ExportPlanContext<Config, HttpEndpointConnection>): Promise<Plan> {
  const { audience, columns, config, connection: { endpoint }, history } = context;
  const size = await context.size();
  const last = await history.last();
  const names = columns.map(({ name }) => name);
  const first: Member[] = [];
  for await (const read of context.members()) {
    first.push(...membersOf(read, columns));
    if (first.length >= SAMPLE_ROWS) break;
  }
  const requests = Math.ceil(size / config.batch_size);
  return {
    summary: `${size} members of "${audience.name}" would be sent to "${endpoint.host}" in ${requests} requests`,
    facts: { audience: audience.slug, members: size, requests, fields: names },
    sample: {
      columns: names,
      rows: first.slice(0, SAMPLE_ROWS).map(({ fields }) => names.map((name) => asText(fields[name]))),
    },
    notes: [
      ...(size === 0 ? ["The audience has no members: nothing would be sent."] : []),
      ...(last === undefined ? [] : [`The last export sent ${last.rows} members.`]),
    ],
  };
}

function asText(value: JsonValue | undefined): string | null {
  if (value === undefined || value === null) return null;
  return typeof value === "string" ? value : JSON.stringify(value);
}
