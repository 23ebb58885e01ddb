/**
 * Contact Book's HTTP interface: requests with the API key, made again where that may help, answers checked.
 *
 * @module
 */
import { abortFailure, Failure, type Log } from "@waybill/waybill";
import type { z } from "zod";
import { account, type Collection, collections, type Page, page } from "./answers.ts";
import { LONGEST_PAUSE, pause, pauseAfter } from "./retry.ts";

/** Contacts asked for at a time. */
const PAGE_SIZE = 500;

/** How to reach the service. */
export interface ApiOptions {
  /** Where its paths start: `https://contacts.example.com/api`. */
  readonly baseUrl: string;
  /** Who asks. */
  readonly apiKey: string;
  /** Where attempts that failed are told. */
  readonly log: Log;
  /** Milliseconds that an answer may take; a minute unless told. */
  readonly timeout?: number;
  /** How often a request is made before its failure counts; six times unless told. */
  readonly attempts?: number;
}

/**
 * Asks the service. Failures: `auth` for a key that is refused, `config` for what is not there, `data` for an answer
 * that cannot be read, `transient` for a service that does not answer, is overloaded or broken, after the last attempt.
 */
export class Api {
  readonly #options: ApiOptions;

  /** Makes no request yet. */
  constructor(options: ApiOptions) {
    this.#options = options;
  }

  /** Name of the account that the key belongs to. */
  async account(signal: AbortSignal): Promise<string> {
    return (await this.#get("/account", {}, account, signal)).name;
  }

  /** All collections, in the service's own order. */
  async collections(signal: AbortSignal): Promise<readonly Collection[]> {
    return (await this.#get("/collections", {}, collections, signal)).collections;
  }

  /** A page of a collection: the first, or the one at `cursor`. */
  async contacts(collection: string, cursor: string | undefined, signal: AbortSignal): Promise<Page> {
    const query = { limit: String(PAGE_SIZE), ...(cursor === undefined ? {} : { cursor }) };
    return await this.#get(`/collections/${encodeURIComponent(collection)}/contacts`, query, page, signal);
  }

  async #get<Answer>(
    path: string,
    query: Readonly<Record<string, string>>,
    schema: z.ZodType<Answer>,
    signal: AbortSignal,
  ): Promise<Answer> {
    const { attempts = 6 } = this.#options;
    const url = new URL(`${this.#options.baseUrl.replace(/\/+$/, "")}${path}`);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    for (let attempt = 1;; attempt++) {
      const outcome = await this.#attempt(url, signal);
      if ("body" in outcome) return readAnswer(path, outcome.body, schema);
      const wait = pauseAfter(attempt, outcome.retryAfter, Date.now(), Math.random());
      if (attempt === attempts || wait > LONGEST_PAUSE) throw outcome.failure;
      this.#options.log.debug(`${outcome.failure.message}; attempt ${attempt + 1} follows`, { wait: Math.round(wait) });
      await pause(wait, signal);
    }
  }

  /** One request: its body, or a failure that another attempt may get over. Throws the others. */
  async #attempt(url: URL, signal: AbortSignal): Promise<{ readonly body: string } | Retriable> {
    const { apiKey, timeout = 60_000 } = this.#options;
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), timeout);
    try {
      // A redirect could lead the key to another server.
      const response = await fetch(url, {
        headers: { authorization: `Bearer ${apiKey}`, accept: "application/json" },
        redirect: "manual",
        signal: AbortSignal.any([signal, late.signal]),
      });
      // Read in any case: a body that is left lying keeps its connection.
      const body = await response.text();
      if (response.ok) return { body };
      const failure = refusal(url, response.status);
      if (failure.kind !== "transient") throw failure;
      return { failure, retryAfter: response.headers.get("retry-after") };
    } catch (error) {
      if (signal.aborted) throw abortFailure(signal);
      if (error instanceof Failure) throw error;
      return { failure: unreachable(url, error, late.signal.aborted), retryAfter: null };
    } finally {
      clearTimeout(timer);
    }
  }
}

/** A failure that another attempt may get over. */
interface Retriable {
  readonly failure: Failure;
  /** What the server asks for. */
  readonly retryAfter: string | null;
}

function refusal({ host, pathname }: URL, status: number): Failure {
  if (status === 401 || status === 403) {
    return new Failure("auth", `"${host}" refuses the API key`, { hint: "Make a new key and update the auth with it" });
  }
  if (status === 404) {
    return new Failure("config", `"${pathname}" does not exist on "${host}"`, {
      code: "not_found",
      hint: "Check the collection, and the auth's base URL",
    });
  }
  if (status === 429 || status >= 500) {
    return new Failure("transient", `"${host}" answered with status ${status}`, { hint: "Try again later" });
  }
  const hint = status >= 300 && status < 400 ? "Give the auth the address that it redirects to" : "Check the base URL";
  return new Failure("config", `"${host}" answered with status ${status}`, { hint });
}

function unreachable({ host }: URL, cause: unknown, late: boolean): Failure {
  if (cause instanceof Deno.errors.NotCapable) {
    return new Failure("config", `Deno may not connect to "${host}"`, { hint: `Grant --allow-net=${host}`, cause });
  }
  const what = late ? "took too long to answer" : "cannot be reached";
  return new Failure("transient", `"${host}" ${what}`, { hint: "Check the base URL and the network", cause });
}

function readAnswer<Answer>(path: string, body: string, schema: z.ZodType<Answer>): Answer {
  const hint = "Check that the base URL is Contact Book's";
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch (cause) {
    throw new Failure("data", `The answer of "${path}" is not JSON`, { hint, cause });
  }
  const { data, error } = schema.safeParse(json);
  if (data !== undefined) return data;
  const place = error?.issues[0]?.path.join(".") ?? "";
  throw new Failure("data", `The answer of "${path}" is not what was expected, at "${place}"`, { hint, cause: error });
}
