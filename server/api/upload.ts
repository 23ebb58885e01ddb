/**
 * `/api/stream/{name}/upload`: files that vendors push.
 *
 * @module
 */
import { z } from "zod";
import { Failure } from "../../core/contracts/failure.ts";
import { fieldsOf } from "../../core/describe/mod.ts";
import type { Registry } from "../../core/engine/registry.ts";
import type { ConfigInput } from "../../core/engine/runtime.ts";
import { takesUploads, type UploadJob, uploadOptions } from "../../core/engine/uploads.ts";
import { made } from "../answers.ts";
import { RequestFailure } from "../errors.ts";
import type { RawBody } from "../raw_body.ts";
import { defineRoute, type Route } from "../route.ts";
import { run } from "./schemas.ts";

/** Longest idempotency key. */
const KEY_LENGTH = 255;

/** A body of parts, each with headers of its own: its lines are no rows, whatever the format that is said. */
const FORM = "multipart/form-data";

/** The route of uploads: its formats and options are those of the job types that take uploads. */
export function uploadRoutes(registry: Registry): readonly Route[] {
  const jobs = registry.jobs.filter(takesUploads);
  const types = jobs.flatMap(({ upload }) => upload.contentTypes);
  return [
    defineRoute({
      method: "post",
      path: "/api/stream/{name}/upload",
      name: "uploadToStream",
      capability: "stream.upload",
      tag: "stream",
      summary: "Send a file into a stream",
      description: "The body is the file. It is stored durably before the answer; the run in the answer imports it. " +
        "The stream is made when it is not there.",
      params: { name: "The stream" },
      query: z.strictObject({ format: formatParameter(jobs), ...optionParameters(jobs) }),
      content: types,
      headers: {
        "Idempotency-Key": "A text of the caller's: the same file with the same key makes one run within 24 hours",
        "Content-Encoding": "`gzip` for a body that is packed",
      },
      failures: [409, 503],
      answer: made(202, run, ({ id }) => `/api/run/${id}`),
      handle: ({ engine, params, query: { format, ...options }, content, header, signal }) => {
        const job = jobFor(jobs, format, content.type);
        const { stream, gzip, size } = content;
        return engine.uploads.create({
          type: job.id,
          into: params.name,
          config: withCharset(job, options, content),
          stream,
          gzip,
          signal,
          ...(size === undefined ? {} : { size }),
          ...keyOf(header("Idempotency-Key")),
        });
      },
    }),
  ];
}

function formatParameter(jobs: readonly UploadJob[]): z.ZodExactOptional<z.ZodEnum<Record<string, string>>> {
  const formats = jobs.map(({ upload }) => upload.format);
  return z.enum(formats).exactOptional().describe("What the file is, whatever its content type says");
}

/** Every option of every format, by name; which of them a format has is looked at when it is known. */
function optionParameters(jobs: readonly UploadJob[]): Record<string, z.ZodExactOptional<z.ZodString>> {
  const parameters: Record<string, z.ZodExactOptional<z.ZodString>> = {};
  for (const job of jobs) {
    const options = uploadOptions(job);
    for (const { key, help } of fieldsOf(job.config)) {
      if (!options.includes(key)) continue;
      const takers = jobs.filter((other) => uploadOptions(other).includes(key));
      const only = takers.length === jobs.length
        ? ""
        : ` Format ${takers.map(({ upload }) => upload.format).join()} only.`;
      parameters[key] ??= z.string().exactOptional().describe(`${help}${only}`);
    }
  }
  return parameters;
}

function jobFor(jobs: readonly UploadJob[], format: string | undefined, type: string): UploadJob {
  if (type === FORM) {
    throw new RequestFailure(415, "The request body is a form, and has to be the file itself", {
      hint: "Send it with `curl -T FILE`, not with `-F`",
    });
  }
  const found = jobs.find(({ upload }) =>
    format === undefined ? upload.contentTypes.includes(type) : upload.format === format
  );
  if (found !== undefined) return found;
  const types = jobs.flatMap(({ upload }) => upload.contentTypes);
  const formats = jobs.map(({ upload }) => `format=${upload.format}`).join(" or ");
  const what = type === "" ? "no content type" : `the content type "${type.slice(0, 64)}", which is not known`;
  throw new RequestFailure(415, `The request body has ${what}`, {
    hint: `Send ${types.map((known) => `"${known}"`).join(", ")}, or say ${formats} in the query`,
    headers: { accept: types.join(", ") },
  });
}

/** The charset of the content type is the file's encoding, where nothing else is said of it. */
function withCharset(job: UploadJob, options: Readonly<Record<string, string>>, { charset }: RawBody): ConfigInput {
  if (charset === undefined) return options;
  const { encoding } = job.upload;
  if (encoding !== undefined) return { [encoding]: charset, ...options };
  if (/^utf-?8$/i.test(charset)) return options;
  throw new RequestFailure(415, `The charset "${charset.slice(0, 64)}" is not read of ${job.upload.format}`, {
    hint: "Send the file in UTF-8",
  });
}

/** The key that a header holds. Failure `config` for one that is too long, or not printable. */
export function keyOf(key: string | undefined): { readonly key?: string } {
  if (key === undefined) return {};
  // Field values of HTTP (RFC 9110, section 5.5) are more; whatever is not printable is a mistake.
  if (key.length <= KEY_LENGTH && /^[\x20-\x7e]+$/.test(key)) return { key };
  throw new Failure("config", `The header "Idempotency-Key" is not 1 to ${KEY_LENGTH} printable ASCII characters`, {
    hint: "A UUID does",
  });
}
