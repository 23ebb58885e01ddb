/**
 * What a job type's declaration must keep to: ids, live choices, the plan.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { z } from "zod";
import { memorySpool } from "../codecs/spool_memory.ts";
import type { AuthDefinition, ConnectionOf } from "../contracts/auth.ts";
import type { ConfigOf, ConfigSchema } from "../contracts/config.ts";
import type { Choice, Choices, ChoiceSource, ImportJobDefinition, JobDefinition, Plan } from "../contracts/job.ts";
import { definePlugin } from "../contracts/plugin.ts";
import { defineProvider } from "../contracts/provider.ts";
import { buildRegistry } from "../engine/registry.ts";
import { collectLog } from "./collect_log.ts";
import { memoryLedger } from "./memory_ledger.ts";

/** Values of a list that are looked at. */
const LOOKED_AT = 1_000;

/** The engine's registry takes the job type with its provider. */
export function assertRegisters(job: JobDefinition): void {
  // Its auths may be another provider's.
  const others = job.auths.filter(({ id }) => !job.provider.auths.some((auth) => auth.id === id));
  const provider = defineProvider({ id: "contract-others", title: "Others", summary: "Of others.", auths: others });
  const providers = [job.provider, provider];
  const plugin = definePlugin({ name: "contract", version: "1.0.0", api: 1, providers, jobs: [job] });
  assert.equal(buildRegistry([plugin]).job(job.id), job);
}

/** Each list loads with the keys it needs and no others, gives no value twice, and gives the same the second time. */
export async function assertChoices<Auths extends readonly AuthDefinition[], Config extends ConfigSchema>(
  job: { readonly config: Config; readonly choices?: Choices<Auths, Config> },
  input: z.input<Config>,
  connection: ConnectionOf<Auths[number]>,
): Promise<void> {
  const config = job.config.parse(input);
  const lists: Readonly<Record<string, Source<Auths, Config> | undefined>> = job.choices ?? {};
  for (const [field, source] of Object.entries(lists)) {
    if (source === undefined) continue;
    const needed = new Set<string>(source.needs ?? []);
    const given = Object.entries(config).filter(([key]) => needed.has(key));
    const load = () => listed(source, Object.fromEntries(given) as Partial<ConfigOf<Config>>, connection);
    const values = await load();
    assert.equal(new Set(values.map(({ value }) => value)).size, values.length, `"${field}" lists a value twice`);
    assert.deepEqual(await load(), values, `"${field}" lists its values in an order that stays the same`);
  }
}

type Source<Auths extends readonly AuthDefinition[], Config extends ConfigSchema> = ChoiceSource<
  ConfigOf<Config>,
  ConnectionOf<Auths[number]>
>;

async function listed<Config, Connection>(
  source: ChoiceSource<Config, Connection>,
  config: Partial<Config>,
  connection: Connection,
): Promise<Choice[]> {
  const { log } = collectLog();
  const { signal } = new AbortController();
  const spool = memorySpool();
  const values: Choice[] = [];
  for await (const choice of source.load({ config, connection, query: "", after: undefined, signal, log, spool })) {
    assert.equal(typeof choice.value, "string", "a choice's value is text");
    if (values.push(choice) === LOOKED_AT) break;
  }
  return values;
}

/** An import's plan keeps to {@linkcode assertPlanTold}. */
export async function assertPlan<
  Auths extends readonly AuthDefinition[],
  Config extends ConfigSchema,
  Checkpoint extends z.ZodType,
>(
  job: ImportJobDefinition<Auths, Config, Checkpoint>,
  input: z.input<Config>,
  connection: ConnectionOf<Auths[number]>,
): Promise<void> {
  const { log } = collectLog();
  const { signal } = new AbortController();
  const plan = await job.plan?.({
    config: job.config.parse(input),
    continuous: false,
    connection,
    signal,
    log,
    files: memoryLedger(),
    spool: memorySpool(),
  });
  if (plan !== undefined) assertPlanTold(plan);
}

/** A plan is JSON with a sentence and facts in snake_case. */
export function assertPlanTold(plan: Plan): void {
  assert.notEqual(plan.summary.trim(), "", "a plan has a summary");
  assert.deepEqual(JSON.parse(JSON.stringify(plan)), plan, "a plan is JSON");
  for (const name of Object.keys(plan.facts)) {
    assert.match(name, /^[a-z][a-z0-9_]*$/, `the fact "${name}" is snake_case`);
  }
  for (const row of plan.sample?.rows ?? []) {
    assert.equal(row.length, plan.sample?.columns.length, "a sample is a table");
  }
}
