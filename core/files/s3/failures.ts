/**
 * What S3's answers mean to whoever reads or writes files.
 *
 * @module
 */
import { Failure } from "../../contracts/failure.ts";

/** An answer that is no success. */
export interface Refusal {
  readonly status: number;
  /** S3's own word, such as `NoSuchBucket`; empty where it gave none. */
  readonly code: string;
  readonly message: string;
}

/** Whether the same request may succeed when it is simply sent again. */
export function isPassing({ status, code }: Refusal): boolean {
  return status >= 500 || status === 429 || status === 408 || code === "SlowDown" || code === "RequestTimeout";
}

/** The failure of an answer about `what`, a bucket or a file. */
export function refusalFailure(refusal: Refusal, bucket: string, what: string): Failure {
  const { status, code, message } = refusal;
  const said = code === "" ? `status ${status}` : message === "" ? code : `${code}, ${message.replace(/\.$/, "")}`;
  if (isPassing(refusal)) {
    return new Failure("transient", `S3 does not serve ${what} for now: ${said}`, { hint: "Try again later" });
  }
  if (code === "NoSuchBucket") {
    return new Failure("config", `Bucket "${bucket}" does not exist`, {
      hint: "Check the bucket, the endpoint, and whether the bucket stands in the path",
      code: "not_found",
    });
  }
  if (code === "RequestTimeTooSkewed") {
    return new Failure("config", `S3 refuses ${what}, since the clocks differ`, { hint: "Set this machine's clock" });
  }
  if (code === "InvalidAccessKeyId" || code === "SignatureDoesNotMatch" || status === 401) {
    return new Failure("auth", `S3 refuses the access key: ${said}`, {
      hint: "Check the access key id, the secret access key and the region",
    });
  }
  if (status === 403) {
    return new Failure("auth", `S3 denies access to ${what}: ${said}`, {
      hint: "Give the access key the right to list the bucket, and to read and write its objects",
      code: "forbidden",
    });
  }
  if ((status >= 300 && status < 400) || code === "AuthorizationHeaderMalformed") {
    return new Failure("config", `Bucket "${bucket}" is in another region, or at another endpoint: ${said}`, {
      hint: "Check the region and the endpoint",
    });
  }
  return new Failure("config", `S3 refuses ${what}: ${said}`, { hint: "Check endpoint, bucket and folder" });
}

/** What kept a request from being answered. */
export function connectionFailure(cause: unknown, server: string): Failure {
  if (cause instanceof Failure) return cause;
  const text = cause instanceof Error ? `${cause.name} ${cause.message}` : String(cause);
  if (/NotCapable|--allow-net/.test(text)) {
    return new Failure("config", `Waybill may not open connections to "${server}"`, {
      hint: `Start it with --allow-net=${server}`,
      cause,
    });
  }
  if (/certificate|UnknownIssuer|TLS|tls/.test(text)) {
    return new Failure("config", `The TLS certificate of "${server}" is not trusted`, {
      hint: "Check the endpoint's name; a private authority is trusted by DENO_CERT",
      cause,
    });
  }
  return new Failure("transient", `No answer from "${server}"`, {
    hint: "Check the endpoint and the network, or try again later",
    cause,
  });
}
