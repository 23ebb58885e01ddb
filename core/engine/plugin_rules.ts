/**
 * What a plugin must keep to beyond its types: a plugin in JavaScript, or one built for another Waybill, has none.
 *
 * @module
 */
import { z } from "zod";
import { PLUGIN_API, type PluginDefinition } from "../contracts/plugin.ts";
import type { AuthDefinition } from "../contracts/auth.ts";
import type { ConfigSchema } from "../contracts/config.ts";
import type { JobDefinition } from "../contracts/job.ts";
import { fieldsOf } from "../describe/mod.ts";
import { reservedKeys } from "./reserved_keys.ts";
import { scheduleKeys } from "./schedule/fields.ts";

const id = z.string().regex(
  /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/,
  "must be kebab-case: small letters, digits and single dashes",
);
const text = z.string().min(1, "must not be empty");
const operation = z.custom((value) => typeof value === "function", "must be a function");
const config = z.custom((value) => value instanceof z.ZodObject, "must be a zod object");
const described = { id, title: text, summary: text };
const auth = z.object({
  ...described,
  config,
  sendsMail: z.boolean().optional(),
  standard: z.boolean().optional(),
  connect: operation,
  check: operation,
});
const provider = z.object({ ...described, auths: z.array(auth) });
const choiceSource = z.object({ needs: z.array(z.string()).optional(), load: operation });
const upload = z.object({
  format: id,
  contentTypes: z.array(
    z.string().regex(/^[a-z0-9.+-]+\/[a-z0-9.+-]+$/, "must be a content type in lower case, without parameters"),
  ),
  stream: text,
  file: text,
  encoding: text.optional(),
  without: z.array(text).optional(),
});
const anyJob = {
  ...described,
  provider: z.object({ id }),
  auths: z.array(z.object({ id })).min(1, "must name an auth method"),
  config,
  schedule: z.enum(["none", "daily", "optional"]).optional(),
  checkpoint: z.custom((value) => value instanceof z.ZodType, "must be a zod type"),
  choices: z.record(z.string(), choiceSource).optional(),
  plan: operation.optional(),
  run: operation,
};
const job = z.discriminatedUnion("direction", [
  z.object({
    ...anyJob,
    direction: z.literal("import"),
    into: operation,
    upload: upload.optional(),
    formFile: text.optional(),
  }),
  z.object({
    ...anyJob,
    direction: z.literal("export"),
    from: operation,
    sources: z.object({ audience: z.string().optional(), fields: z.string().optional() }).optional(),
    resultFile: text.optional(),
    upload: z.undefined("must not be there: nothing is sent to an export").optional(),
  }),
], 'must be "import" or "export"');
const plugin = z.object({
  name: id,
  version: text,
  api: z.literal(PLUGIN_API, `must be ${PLUGIN_API}, the version of the contract that this Waybill speaks`),
  providers: z.array(provider).optional(),
  jobs: z.array(job).optional(),
});

/** What is wrong with a plugin by itself, a sentence part each; empty when nothing is. */
export function pluginProblems(definition: PluginDefinition): string[] {
  const { error } = plugin.safeParse(definition);
  // Ids and shapes first: the rules below rely on them.
  if (error) return error.issues.map((issue) => `${pathOf(definition, issue.path)} ${issue.message}`);
  const providers = definition.providers ?? [];
  const jobs = definition.jobs ?? [];
  return [
    ...providers.flatMap(({ auths }) => auths)
      .flatMap((auth) => [
        ...configProblems(`auth method "${auth.id}"`, auth.config, "auth"),
        ...standardProblems(auth),
      ]),
    ...jobs.flatMap((job) => [
      ...configProblems(`job type "${job.id}"`, job.config, "job"),
      ...choiceProblems(job),
      ...uploadProblems(job),
      ...formProblems(job),
      ...scheduleProblems(job),
    ]),
  ];
}

function configProblems(owner: string, schema: ConfigSchema, kind: "auth" | "job"): string[] {
  const keys = Object.keys(schema.shape).filter((key) => !/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(key));
  const problems = keys.map((key) => `${owner}: config key "${key}" must be snake_case`);
  try {
    const fields = fieldsOf(schema);
    problems.push(...reservedKeys(fields, kind).map((problem) => `${owner}: ${problem}`));
    const secrets = fields.filter((field) => field.secret && kind === "job");
    // Jobs are stored in the open: their runs keep a copy of the configuration.
    problems.push(
      ...secrets.map(({ key }) => `${owner}: config key "${key}" is a secret, which only auth methods may have`),
    );
  } catch (error) {
    problems.push(`${owner}: ${error instanceof Error ? error.message : String(error)}`);
  }
  return problems;
}

function standardProblems({ id, config, standard }: AuthDefinition): string[] {
  if (!standard || config.safeParse({}).success) return [];
  return [`auth method "${id}" is a standard one, so its config must have nothing that must be given`];
}

function choiceProblems(job: JobDefinition): string[] {
  const { id, config, direction, choices = {} } = job;
  const unknown = (key: string) => !Object.hasOwn(config.shape, key);
  const sources = direction === "export" ? Object.entries(job.sources ?? {}) : [];
  return [
    ...sources.filter(([, key]) => key !== undefined && unknown(key))
      .map(([what, key]) => `job type "${id}" has its ${what} in "${key}", which is no key of its config`),
    ...Object.entries(choices).flatMap(([key, source]) => [
      ...(unknown(key) ? [`job type "${id}" has choices for "${key}", which is no key of its config`] : []),
      ...(source?.needs ?? []).filter(unknown)
        .map((need) => `job type "${id}": choices for "${key}" need "${need}", which is no key of its config`),
    ]),
  ];
}

function formProblems(job: JobDefinition): string[] {
  const [key, does] = job.direction === "import" ? [job.formFile, "takes"] : [job.resultFile, "writes"];
  if (key === undefined || Object.hasOwn(job.config.shape, key)) return [];
  return [`job type "${job.id}" ${does} a file as "${key}", which is no key of its config`];
}

function uploadProblems({ id, config, upload }: JobDefinition): string[] {
  if (upload === undefined) return [];
  const { stream, file, encoding = file, without = [] } = upload;
  const keys = [stream, file, encoding, ...without].filter((key) => !Object.hasOwn(config.shape, key));
  const taken = ["format", "access_token"].filter((key) => Object.hasOwn(config.shape, key));
  return [
    ...[...new Set(keys)].map((key) => `job type "${id}" takes uploads, which need "${key}" to be a key of its config`),
    ...taken.map((key) =>
      `job type "${id}" takes uploads, where config key "${key}" would be a parameter of their own`
    ),
  ];
}

function scheduleProblems({ id, config, direction, schedule = "none" }: JobDefinition): string[] {
  if (schedule === "none") return [];
  return scheduleKeys(direction).filter((key) => Object.hasOwn(config.shape, key))
    .map((key) => `job type "${id}" has a schedule, whose field "${key}" the engine adds by itself`);
}

/** `jobs[1].choices.file`, with the id in place of the number where there is one. */
function pathOf(definition: unknown, path: readonly PropertyKey[]): string {
  let value = definition;
  let named = "";
  for (const step of path) {
    value = typeof value === "object" && value !== null ? Reflect.get(value, step) : undefined;
    const id = typeof value === "object" && value !== null && "id" in value ? value.id : undefined;
    if (typeof step === "number") named += typeof id === "string" ? `["${id}"]` : `[${step}]`;
    else named += named === "" ? String(step) : `.${String(step)}`;
  }
  return named;
}
