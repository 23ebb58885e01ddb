/**
 * The endpoint that members are posted to: requests with the token, made again where that may help.
 *
 * @module
 */
import { abortFailure, Failure, type Log } from "@waybill/waybill";
import { LONGEST_WAIT, waitAfter, waitFor } from "./retry.ts";

/** How to reach the endpoint. */
export interface EndpointOptions {
  /** Where it is. */
  readonly url: string;
  /** What it takes as `Authorization: Bearer`. */
  readonly token: string;
  /** Where attempts that failed are told. */
  readonly log: Log;
  /** Milliseconds that an answer may take; a minute unless told. */
  readonly timeout?: number;
  /** How often a request is made before its failure counts; six times unless told. */
  readonly attempts?: number;
}

/** What is posted in one request. */
export interface Delivery {
  /** JSON. */
  readonly body: Uint8Array<ArrayBuffer>;
  /** The same for the same delivery: the endpoint is to take it once, however often it comes. */
  readonly key: string;
}

/**
 * Posts to the endpoint. Failures: `auth` for a token that is refused, `config` for an address that is wrong, `data` for
 * members that the endpoint does not take, `transient` for one that does not answer, is overloaded or broken, after the
 * last attempt.
 */
export class Endpoint {
  readonly #url: URL;
  readonly #options: EndpointOptions;

  /** Makes no request yet. */
  constructor(options: EndpointOptions) {
    this.#options = options;
    this.#url = new URL(options.url);
  }

  /** Name and port: what messages may show of the address. */
  get host(): string {
    return this.#url.host;
  }

  /** Where it is, without what only the endpoint is to know. */
  get place(): string {
    return this.#url.origin + this.#url.pathname;
  }

  /** The status that the endpoint answers with when nothing is sent; one that takes only `POST` says so (405). */
  async look(signal: AbortSignal): Promise<number> {
    const { status } = await this.#attempt({ method: "HEAD" }, signal);
    if (status === 405 || status === 501) return status;
    const failure = this.#refusal(status);
    if (failure !== undefined) throw failure;
    return status;
  }

  /** Resolves once the endpoint has taken a delivery. */
  async deliver({ body, key }: Delivery, signal: AbortSignal): Promise<void> {
    const { attempts = 6, log } = this.#options;
    const headers = { "content-type": "application/json", "idempotency-key": key };
    for (let failed = 1;; failed++) {
      const { failure, retryAfter } = await this.#tried({ method: "POST", headers, body }, signal);
      if (failure === undefined) return;
      const wait = waitAfter(failed, retryAfter, Date.now(), Math.random());
      if (failure.kind !== "transient" || failed === attempts || wait > LONGEST_WAIT) throw failure;
      log.debug(`${failure.message}; attempt ${failed + 1} follows`, { wait: Math.round(wait) });
      await waitFor(wait, signal);
    }
  }

  async #tried(request: RequestInit, signal: AbortSignal): Promise<Tried> {
    try {
      const { status, retryAfter } = await this.#attempt(request, signal);
      return { failure: this.#refusal(status), retryAfter };
    } catch (failure) {
      if (failure instanceof Failure) return { failure, retryAfter: null };
      throw failure;
    }
  }

  /** One request. */
  async #attempt(request: RequestInit, signal: AbortSignal): Promise<Answer> {
    const { token, timeout = 60_000 } = this.#options;
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), timeout);
    try {
      const response = await fetch(this.#url, {
        ...request,
        headers: { ...request.headers, authorization: `Bearer ${token}` },
        // A redirect could lead members and token to another server.
        redirect: "manual",
        signal: AbortSignal.any([signal, late.signal]),
      });
      // Whatever it says: a body that is left lying keeps its connection.
      await response.body?.cancel();
      return { status: response.status, retryAfter: response.headers.get("retry-after") };
    } catch (error) {
      if (signal.aborted) throw abortFailure(signal);
      throw this.#unreachable(error, late.signal.aborted);
    } finally {
      clearTimeout(timer);
    }
  }

  /** What a status means; undefined where the endpoint took what was sent. */
  #refusal(status: number): Failure | undefined {
    if (status >= 200 && status < 300) return undefined;
    const refused = `"${this.host}" answered with status ${status}`;
    if (status === 401 || status === 403) {
      return new Failure("auth", `"${this.host}" refuses the token`, {
        hint: "Update the auth with a token that it takes",
      });
    }
    if (status === 408 || status === 429 || status >= 500) {
      return new Failure("transient", refused, { hint: "Try again later" });
    }
    if (status === 404 || status === 405 || status < 400) {
      return new Failure("config", refused, { hint: "Check the auth's URL; a redirect is not followed" });
    }
    const hint = status === 413 ? "Lower --batch-size" : "Check the fields against what the endpoint takes";
    return new Failure("data", `"${this.host}" does not take the members: status ${status}`, { hint });
  }

  #unreachable(cause: unknown, late: boolean): Failure {
    if (cause instanceof Deno.errors.NotCapable) {
      return new Failure("config", `Deno may not connect to "${this.host}"`, {
        hint: `Grant --allow-net=${this.host}`,
        cause,
      });
    }
    const what = late ? "took too long to answer" : "cannot be reached";
    return new Failure("transient", `"${this.host}" ${what}`, { hint: "Check the URL and the network", cause });
  }
}

interface Answer {
  readonly status: number;
  readonly retryAfter: string | null;
}

/** How an attempt went. */
interface Tried {
  readonly failure: Failure | undefined;
  /** What the endpoint asks for. */
  readonly retryAfter: string | null;
}
