/**
 * Forms that bring a file: the file goes to whoever stores it as it comes in, its parameters are checked before and
 * after it.
 *
 * @module
 */
import type { z } from "zod";
import { Failure } from "../../core/contracts/failure.ts";
import { explainIssue } from "../../core/describe/problems.ts";
import { tooLarge } from "../../core/engine/spool.ts";
import { uploadBytes } from "../../core/engine/upload_body.ts";
import type { RawBody } from "../raw_body.ts";
import { readForm, textOf } from "./multipart.ts";

/** The one part that is a file. */
const FILE = "file";

/** Most bytes of a parameter. */
const PARAMETER_BYTES = 64 * 1024;

/** Most bytes that a form is longer than its file. */
const FORM_BYTES = 1024 * 1024;

/** The file of a form, while it comes in. */
export interface FormFile<Fields> {
  /** Its bytes; may be read once. */
  readonly content: ReadableStream<Uint8Array>;
  /** The form's parameters, checked; to be called when the file was read, since some may stand behind it. */
  fields(): Promise<Fields>;
}

/** How a form is read. */
export interface FormOptions<Fields, Result> {
  /** The parameters beside the file. */
  readonly schema: z.ZodObject;
  /** Most bytes of the file, for a body that announces more. */
  readonly limit: number;
  readonly signal: AbortSignal;
  /** Looks at the parameters that stand before the file, so that nobody sends one in vain; they may be all. */
  early(fields: Partial<Fields>): Promise<void>;
  /** Stores the file. */
  store(file: FormFile<Fields>): Promise<Result>;
}

/**
 * Reads a form with a file called `file`. Failures: `config` for a parameter that is missing, not known, wrong or given
 * twice, for no file, for two, and for what is no form; `too_large`; what `early` and `store` throw.
 */
export async function takeForm<Schema extends z.ZodObject, Result>(
  body: RawBody,
  options: FormOptions<z.output<Schema>, Result> & { readonly schema: Schema },
): Promise<Result> {
  const { schema, limit, signal, early, store } = options;
  if (body.type !== "multipart/form-data" || body.boundary === undefined) {
    throw new Failure("config", `The body is no form with a "${FILE}"`, {
      hint: 'Send it as multipart/form-data: `curl -F file=@FILE`, with each parameter as another "-F name=value"',
    });
  }
  if ((body.size ?? 0) > limit + FORM_BYTES) throw tooLarge(limit);
  const given: Record<string, string> = {};
  const parts = readForm(uploadBytes({ ...body, signal }), body.boundary);
  try {
    for await (const part of { [Symbol.asyncIterator]: () => ({ next: () => parts.next() }) }) {
      if (part.name !== FILE) {
        await note(given, part, schema);
        continue;
      }
      await early(check(schema.partial(), given) as Partial<z.output<Schema>>);
      const fields = async () => {
        for (let { value, done } = await parts.next(); !done; { value, done } = await parts.next()) {
          if (value!.name === FILE) throw new Failure("config", `Parameter "${FILE}" is given twice`);
          await note(given, value!, schema);
        }
        return check(schema, given) as z.output<Schema>;
      };
      return await store({ content: streamOf(part.content), fields });
    }
  } finally {
    await parts.return();
  }
  check(schema, given);
  throw new Failure("config", `Parameter "${FILE}" is missing`, { hint: `Send the file as \`curl -F ${FILE}=@FILE\`` });
}

/** Notes a parameter; one that there is not is refused before a file is sent behind it. */
async function note(given: Record<string, string>, part: Parameters<typeof textOf>[0], schema: z.ZodObject) {
  const { name } = part;
  if (!Object.hasOwn(schema.shape, name)) {
    throw new Failure("config", `Parameter "${name.slice(0, 64)}" is not known`, {
      hint: `There are ${[...Object.keys(schema.shape), FILE].join(", ")}`,
    });
  }
  if (Object.hasOwn(given, name)) throw new Failure("config", `Parameter "${name}" is given twice`);
  given[name] = await textOf(part, PARAMETER_BYTES);
}

function check(schema: z.ZodType, given: Readonly<Record<string, string>>): unknown {
  const { data, error } = schema.safeParse(given, { error: explainIssue });
  if (error === undefined) return data;
  const problems = error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `Parameter "${path.join(".")}" ${message}`
  );
  throw new Failure("config", problems.join("; "), { hint: "See /docs for what the route takes" });
}

function streamOf(content: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const iterator = content[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { value, done } = await iterator.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    // The form is closed by whoever reads it.
  }, { highWaterMark: 0 });
}
