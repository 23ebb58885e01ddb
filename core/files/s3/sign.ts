/**
 * Signs requests by AWS Signature Version 4, which every S3-compatible service takes.
 *
 * @module
 */
import { createHash, createHmac } from "node:crypto";

/** Who signs. */
export interface Signer {
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** What is signed. */
export interface Signable {
  readonly method: string;
  /** Encoded, with a leading `/`. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** Names in lower case; `host` is among them. */
  readonly headers: Readonly<Record<string, string>>;
  /** Hex of the body's SHA-256. */
  readonly bodyHash: string;
}

/** Hex of the SHA-256 of nothing. */
export const EMPTY_HASH = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/** Hex of a SHA-256. */
export function sha256(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Encodes a part of a path or query as AWS does: all but unreserved characters (RFC 3986). */
export function encodePart(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** The query as it is sent, in the order in which it is signed. */
export function queryString(query: Readonly<Record<string, string>>): string {
  return Object.entries(query).map(([name, value]) => `${encodePart(name)}=${encodePart(value)}`).sort().join("&");
}

/** The headers with the signature among them, for a request made at `time`. */
export function signed(
  { method, path, query, headers, bodyHash }: Signable,
  { region, accessKeyId, secretAccessKey }: Signer,
  time: Temporal.Instant,
): Record<string, string> {
  const stamp = time.toString({ smallestUnit: "second" }).replace(/[-:]/g, "");
  const day = stamp.slice(0, 8);
  const all: Record<string, string> = { ...headers, "x-amz-content-sha256": bodyHash, "x-amz-date": stamp };
  const names = Object.keys(all).sort();
  const lines = names.map((name) => `${name}:${(all[name] ?? "").trim().replace(/ +/g, " ")}\n`).join("");
  const list = names.join(";");
  const canonical = [method, path, queryString(query), lines, list, bodyHash].join("\n");
  const scope = `${day}/${region}/s3/aws4_request`;
  const text = ["AWS4-HMAC-SHA256", stamp, scope, sha256(canonical)].join("\n");
  const hmac = (key: Uint8Array | string, data: string) => createHmac("sha256", key).update(data).digest();
  const key = [region, "s3", "aws4_request"].reduce(hmac, hmac(`AWS4${secretAccessKey}`, day));
  const signature = createHmac("sha256", key).update(text).digest("hex");
  all["authorization"] =
    `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${list}, Signature=${signature}`;
  return all;
}
