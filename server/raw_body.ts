/**
 * A request's body that is no JSON: what its headers say of it, and its bytes as they come.
 *
 * @module
 */
import { RequestFailure } from "./errors.ts";

/** A body that is read as it comes in. */
export interface RawBody {
  /** Its content type in lower case, without parameters; empty where none was sent. */
  readonly type: string;
  /** The `charset` of its content type. */
  readonly charset: string | undefined;
  /** The `boundary` of its content type: of a form. */
  readonly boundary: string | undefined;
  /** Whether it is packed with gzip. */
  readonly gzip: boolean;
  /** Bytes that were announced, packed ones where it is packed. */
  readonly size: number | undefined;
  /** Its bytes. A body that stands still breaks off with a failure of status 408. */
  readonly stream: ReadableStream<Uint8Array>;
}

/** Longest silence of a body, in milliseconds. */
export const BODY_SILENCE = 60_000;

/** The body of a request. Throws the failure (415) of a `Content-Encoding` other than gzip. */
export function rawBody({ headers, body }: Pick<Request, "headers" | "body">, silence: number = BODY_SILENCE): RawBody {
  const [type = "", ...parameters] = (headers.get("content-type") ?? "").split(";").map((part) => part.trim());
  const parameter = (name: string) =>
    parameters.map((part) => new RegExp(`^${name}\\s*=\\s*"?([^"]*)"?$`, "i").exec(part)?.[1]).find(Boolean);
  const encoding = (headers.get("content-encoding") ?? "identity").trim().toLowerCase();
  if (encoding !== "identity" && encoding !== "gzip" && encoding !== "x-gzip") {
    throw new RequestFailure(415, `The content encoding "${encoding.slice(0, 64)}" is not known`, {
      hint: 'Pack the body with gzip and say "Content-Encoding: gzip", or send it as it is',
      headers: { "accept-encoding": "gzip, identity" },
    });
  }
  const length = headers.get("content-length");
  return {
    type: type.toLowerCase(),
    charset: parameter("charset"),
    boundary: parameter("boundary"),
    gzip: encoding !== "identity",
    size: length === null ? undefined : Number(length),
    stream: unlessSilent(body ?? new Blob([]).stream(), silence),
  };
}

/** The stream, which breaks off with a failure of status 408 when it stands still for so many milliseconds. */
export function unlessSilent(stream: ReadableStream<Uint8Array>, silence: number): ReadableStream<Uint8Array> {
  const reader = stream.getReader();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const late = Promise.withResolvers<never>();
      const timer = setTimeout(() => late.reject(stoodStill(silence)), silence);
      try {
        const { done, value } = await Promise.race([reader.read(), late.promise]);
        if (done) controller.close();
        else controller.enqueue(value);
      } catch (error) {
        reader.cancel(error).catch(() => {});
        throw error;
      } finally {
        clearTimeout(timer);
      }
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
}

function stoodStill(silence: number): RequestFailure {
  return new RequestFailure(408, `The request body stood still for ${silence / 1_000} s`, { hint: "Send it again" });
}
