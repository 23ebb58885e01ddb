/**
 * A thread that counts audiences, as others ask it.
 *
 * @module
 */
import type { DatabaseAddress } from "../database/open.ts";
import type { CountAnswers, FromCount, ToCount, ToCountThread } from "./count_protocol.ts";
import type { Counter, CountQuestion, OpenedCount } from "./count_session.ts";
import { reviveError } from "./describe_error.ts";
import type { SharedSpans } from "./shared_spans.ts";

/** Starts with the first count, unless it was started before, and stays. It counts in one database. */
export class CountThread implements Disposable {
  readonly #counts = new Set<RemoteCount>();
  #worker: Worker | undefined;

  /** Starts it, if it is not there: it takes as long as the program itself. */
  start(): Worker {
    if (this.#worker === undefined) {
      this.#worker = new Worker(new URL("./count_worker.ts", import.meta.url), { type: "module", name: "count" });
      this.#worker.addEventListener("error", (event) => {
        event.preventDefault();
        this.#end(new Error(`The thread that counts audiences ended: ${event.message}`));
      });
    }
    return this.#worker;
  }

  /** Lets it open the database before the first count. */
  open(database: DatabaseAddress): void {
    this.start().postMessage({ database } satisfies ToCountThread);
  }

  /** A counter that counts there. */
  counter(database: DatabaseAddress): Counter {
    const worker = this.start();
    const { port1, port2 } = new MessageChannel();
    const count = new RemoteCount(port1, () => this.#counts.delete(count));
    this.#counts.add(count);
    worker.postMessage({ database, port: port2 } satisfies ToCountThread, [port2]);
    return count;
  }

  /** Ends what is being counted. The next count starts the thread anew. */
  [Symbol.dispose](): void {
    this.#end(new Error("The thread that counts audiences was ended"));
  }

  #end(error: Error): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    for (const count of this.#counts) count.end(error);
  }
}

interface Waiting {
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

type Asked = ToCount extends infer Message ? Message extends ToCount ? Omit<Message, "id"> : never : never;

/** A count on the other side of a port. */
class RemoteCount implements Counter {
  readonly #port: MessagePort;
  readonly #closed: () => void;
  readonly #waiting = new Map<number, Waiting>();
  #last = 0;
  #ended: Error | undefined;

  constructor(port: MessagePort, closed: () => void) {
    this.#port = port;
    this.#closed = closed;
    port.addEventListener("message", ({ data }: MessageEvent<FromCount>) => {
      const waiting = this.#waiting.get(data.id);
      this.#waiting.delete(data.id);
      if ("failure" in data) waiting?.reject(reviveError(data.failure, data.stack));
      else waiting?.resolve(data.answer);
    });
    port.start();
  }

  open(question: CountQuestion, now?: number): Promise<OpenedCount> {
    return this.#ask({ type: "open", question, now });
  }

  count(spans: SharedSpans): Promise<number> {
    return this.#ask({ type: "count", spans });
  }

  stamp(): Promise<string> {
    return this.#ask({ type: "stamp" });
  }

  /** Nobody answers any more. */
  end(error: Error): void {
    this.#port.close();
    this.#leave(error);
  }

  /** Waits for nothing: the thread may not even have begun. It closes the port. */
  [Symbol.asyncDispose](): Promise<void> {
    if (this.#ended === undefined) {
      this.#port.postMessage({ id: 0, type: "close" } satisfies ToCount);
      this.#leave(new Error("The count was closed"));
    }
    return Promise.resolve();
  }

  #leave(error: Error): void {
    this.#ended = error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
    this.#closed();
  }

  #ask<Type extends Asked["type"]>(asked: Asked & { readonly type: Type }): Promise<CountAnswers[Type]> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) throw this.#ended;
      const id = ++this.#last;
      this.#waiting.set(id, { resolve: (answer) => resolve(answer as CountAnswers[Type]), reject });
      this.#port.postMessage({ id, ...asked });
    });
  }
}
