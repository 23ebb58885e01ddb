/**
 * Sends signed requests to one bucket.
 *
 * @module
 */
import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from "node:http";
import { Agent as HttpsAgent, request as requestHttps } from "node:https";
import { setTimeout as pause } from "node:timers/promises";
import { abortFailure, Failure, throwIfAborted } from "../../contracts/failure.ts";
import { resolveAddresses } from "../address.ts";
import { untilAborted } from "../failures.ts";
import { connectionFailure, isPassing, type Refusal, refusalFailure } from "./failures.ts";
import type { S3Options } from "./options.ts";
import { EMPTY_HASH, encodePart, queryString, sha256, signed } from "./sign.ts";
import { textOf } from "./xml.ts";

/** How often a request is sent at most, and how long to wait before it is sent again, in milliseconds. */
const ATTEMPTS = 4;
const PAUSE = 200;

/** Most characters of an answer that is no file: a page of 1,000 keys of 1,024 bytes, escaped. */
const MOST_TEXT = 16 << 20;

/** A request. */
export interface S3Request {
  readonly method: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  /** Of the object; that of the bucket itself where it is left out. */
  readonly key?: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** What messages call it. */
  readonly what: string;
  readonly signal?: AbortSignal | undefined;
}

/** An answer whose status is below 300. */
export interface S3Answer {
  header(name: string): string | undefined;
  /** Its body, to be read or destroyed. */
  readonly body: IncomingMessage;
}

/** Requests to one bucket. Dispose of it to close its connections. */
export class S3Client implements Disposable {
  readonly #options: S3Options;
  readonly #endpoint: URL;
  readonly #agent: HttpAgent | HttpsAgent;
  #addresses: Promise<string[]> | undefined;

  constructor(options: S3Options) {
    this.#options = options;
    this.#endpoint = new URL(options.endpoint);
    const { pathStyle = true, bucket } = options;
    if (!pathStyle) this.#endpoint.hostname = `${bucket}.${this.#endpoint.hostname}`;
    this.#agent = this.#isPlain ? new HttpAgent({ keepAlive: true }) : new HttpsAgent({ keepAlive: true });
  }

  /** Sends a request, again where that may help. Gives `undefined` for what is not there; throws a `Failure`. */
  async find(request: S3Request): Promise<S3Answer | undefined> {
    const answer = await this.#send(request);
    if (!("code" in answer)) return answer;
    if (answer.status === 404 && answer.code !== "NoSuchBucket") return undefined;
    throw this.#failure(answer, request);
  }

  /** Sends a request for something that is there. */
  async ask(request: S3Request): Promise<S3Answer> {
    const answer = await this.#send(request);
    if ("code" in answer) throw this.#failure(answer, request);
    return answer;
  }

  /** Sends a request, and reads its answer as text. */
  async text(request: S3Request): Promise<string> {
    return await readText((await this.ask(request)).body);
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }

  get #isPlain(): boolean {
    return this.#endpoint.protocol === "http:";
  }

  #failure(refusal: Refusal, { what }: S3Request): Failure {
    return refusalFailure(refusal, this.#options.bucket, what);
  }

  async #send(request: S3Request): Promise<S3Answer | Refusal> {
    for (let attempt = 1;; attempt++) {
      throwIfAborted(this.#options.signal);
      throwIfAborted(request.signal);
      try {
        const answer = await this.#attempt(request);
        if (!("code" in answer) || !isPassing(answer) || attempt === ATTEMPTS) return answer;
      } catch (error) {
        const failure = connectionFailure(error, this.#endpoint.host);
        if (failure.kind !== "transient" || attempt === ATTEMPTS) throw failure;
        // The name may lead elsewhere by now.
        this.#addresses = undefined;
      }
      await untilAborted(pause(PAUSE * 4 ** (attempt - 1)), request.signal);
    }
  }

  async #attempt(request: S3Request): Promise<S3Answer | Refusal> {
    const { addresses = { allowPrivate: true }, signal } = this.#options;
    this.#addresses ??= resolveAddresses(this.#endpoint.hostname, addresses);
    const found = await this.#addresses;
    let last: unknown;
    for (const address of found) {
      try {
        const body = await this.#dial(address, request, signal);
        const { statusCode: status = 0 } = body;
        if (status >= 200 && status < 300) return { body, header: (name) => [body.headers[name]].flat()[0] };
        const text = request.method === "HEAD" ? "" : await readText(body);
        if (request.method === "HEAD") body.resume();
        return { status, code: textOf(text, "Code"), message: textOf(text, "Message") };
      } catch (error) {
        if (error instanceof Failure) throw error;
        last = error;
      }
    }
    throw last;
  }

  /** Dials the checked address, whatever the name leads to by now; certificate and `Host` are those of the name. */
  #dial(address: string, request: S3Request, closing: AbortSignal | undefined): Promise<IncomingMessage> {
    const { region = "us-east-1", accessKeyId, secretAccessKey, pathStyle = true, bucket, timeout = 30_000 } =
      this.#options;
    const { method, key, query = {}, headers = {}, body, signal } = request;
    const { hostname, host, port, pathname } = this.#endpoint;
    const parts = [pathname.replace(/\/+$/, ""), ...(pathStyle ? [encodePart(bucket)] : [])];
    const path = `${parts.join("/")}/${(key ?? "").split("/").map(encodePart).join("/")}`;
    const bodyHash = body === undefined ? EMPTY_HASH : sha256(body);
    const plain = { ...headers, host };
    const all = signed(
      { method, path, query, headers: plain, bodyHash },
      { region, accessKeyId, secretAccessKey },
      Temporal.Now.instant(),
    );
    const search = queryString(query);
    const options = {
      host: address,
      port: port === "" ? (this.#isPlain ? 80 : 443) : Number(port),
      method,
      path: search === "" ? path : `${path}?${search}`,
      headers: { ...all, ...(body === undefined ? {} : { "content-length": String(body.length) }) },
      agent: this.#agent,
      timeout,
    };
    return new Promise((resolve, reject) => {
      const sent = this.#isPlain
        ? requestHttp(options)
        : requestHttps({ ...options, servername: hostname.replace(/^\[(.*)\]$/, "$1") });
      const stop = () => {
        const aborted = signal?.aborted ? signal : closing;
        const failure = aborted?.aborted ? abortFailure(aborted) : new Error("Aborted");
        reject(failure);
        sent.destroy(failure);
      };
      signal?.addEventListener("abort", stop, { once: true });
      closing?.addEventListener("abort", stop, { once: true });
      const settle = () => {
        signal?.removeEventListener("abort", stop);
        closing?.removeEventListener("abort", stop);
      };
      sent.on("timeout", () => sent.destroy(new Error(`No answer within ${timeout} ms`)));
      sent.on("error", (error) => {
        settle();
        reject(error);
      });
      sent.on("response", (answer) => {
        answer.once("close", settle);
        answer.on("error", () => {});
        resolve(answer);
      });
      sent.end(body);
    });
  }
}

/** The whole body as text; throws where it is longer than any answer. */
export async function readText(body: IncomingMessage): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const piece of body) {
    text += decoder.decode(piece, { stream: true });
    if (text.length > MOST_TEXT) throw new Error("The answer has no end");
  }
  return text + decoder.decode();
}
