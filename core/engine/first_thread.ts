/**
 * What a process's first thread, which executes runs, does for its other threads, which answer requests beside it.
 *
 * @module
 */
import { abortFailure, Failure, type FailureJson, throwIfAborted } from "../contracts/failure.ts";
import type { Progress } from "../contracts/job.ts";
import type { CountQuestion } from "./count_session.ts";
import { describeError, reviveError } from "./describe_error.ts";

/** The first thread, as the others see it. */
export interface FirstThread {
  /** A run was queued: the queue is looked at at once. */
  queued(): void;
  /** How far a run of this process is, more recently than the database knows. */
  progress(run: string): Promise<Progress | undefined>;
  /** Throws what keeps it from taking runs. */
  ready(): Promise<void>;
  /** How many profiles are members of an audience now. Failures as `sizeOf` has them. */
  count(question: CountQuestion, signal?: AbortSignal): Promise<number>;
}

type Question =
  | { readonly of: "progress"; readonly run: string }
  | { readonly of: "ready" }
  | { readonly of: "count"; readonly question: CountQuestion };

type ToFirst =
  | { readonly type: "queued" }
  | { readonly type: "ask"; readonly id: number; readonly question: Question }
  | { readonly type: "abort"; readonly id: number };

type FromFirst =
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly failure: FailureJson; readonly stack: string | undefined };

/** Answers another thread, until the port is closed. */
export function serveFirst(port: MessagePort, first: FirstThread): void {
  const asked = new Map<number, AbortController>();
  const answer = async (id: number, question: Question): Promise<FromFirst> => {
    const abort = new AbortController();
    asked.set(id, abort);
    try {
      if (question.of === "progress") return { id, answer: await first.progress(question.run) };
      if (question.of === "ready") return { id, answer: await first.ready() };
      return { id, answer: await first.count(question.question, abort.signal) };
    } catch (error) {
      return { id, failure: describeError(error), stack: error instanceof Error ? error.stack : undefined };
    } finally {
      asked.delete(id);
    }
  };
  port.addEventListener("message", async ({ data }: MessageEvent<ToFirst>) => {
    if (data.type === "queued") first.queued();
    else if (data.type === "abort") asked.get(data.id)?.abort(new Failure("cancelled", "Nobody waits for it any more"));
    else port.postMessage(await answer(data.id, data.question));
  });
  port.start();
}

/** The first thread at the other end of a port. Disposing of it closes the port. */
export class RemoteFirstThread implements FirstThread, Disposable {
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #last = 0;

  constructor(private readonly port: MessagePort) {
    port.addEventListener("message", ({ data }: MessageEvent<FromFirst>) => {
      const waiting = this.#waiting.get(data.id);
      this.#waiting.delete(data.id);
      if ("failure" in data) waiting?.reject(reviveError(data.failure, data.stack));
      else waiting?.resolve(data.answer);
    });
    port.start();
  }

  queued(): void {
    this.port.postMessage({ type: "queued" } satisfies ToFirst);
  }

  async progress(run: string): Promise<Progress | undefined> {
    return await this.#ask({ of: "progress", run }) as Progress | undefined;
  }

  async ready(): Promise<void> {
    await this.#ask({ of: "ready" });
  }

  async count(question: CountQuestion, signal?: AbortSignal): Promise<number> {
    return await this.#ask({ of: "count", question }, signal) as number;
  }

  [Symbol.dispose](): void {
    this.port.close();
    for (const { reject } of this.#waiting.values()) reject(new Failure("transient", "The server is stopping"));
    this.#waiting.clear();
  }

  async #ask(question: Question, signal?: AbortSignal): Promise<unknown> {
    throwIfAborted(signal);
    const id = ++this.#last, answered = Promise.withResolvers<unknown>();
    const abort = () => {
      this.port.postMessage({ type: "abort", id } satisfies ToFirst);
      answered.reject(abortFailure(signal!));
    };
    this.#waiting.set(id, answered);
    signal?.addEventListener("abort", abort, { once: true });
    try {
      this.port.postMessage({ type: "ask", id, question } satisfies ToFirst);
      return await answered.promise;
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }
}
