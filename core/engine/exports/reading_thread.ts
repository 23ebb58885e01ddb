/**
 * Members that another thread reads: while it reads on, the run's own writes what has come.
 *
 * @module
 */
import type { MemberBatch } from "../../contracts/members.ts";
import type { DatabaseAddress } from "../../database/open.ts";
import { untilAborted } from "../../files/failures.ts";
import { beginBeside } from "../beside.ts";
import { reviveError } from "../describe_error.ts";
import type { OpenMembers, ReadingInput } from "./open_reading.ts";
import type { FoundMembers, FromReading, ToReading } from "./reading_protocol.ts";

/** Batches that are asked for before the one at hand is done with: memory holds as many, of 1 MiB each. */
const AHEAD = 2;

/** Opens members as `openReading` does, on the Worker that the port leads to. Whoever started that ends it. */
export async function openReadingBeside(
  helper: MessagePort,
  database: DatabaseAddress,
  input: ReadingInput,
  signal: AbortSignal,
): Promise<OpenMembers> {
  const thread = new ReadingThread(beginBeside(helper, { type: "members", database, input }), signal);
  try {
    const found = await thread.opened;
    return {
      given: { ...found, members: ({ after } = {}) => thread.read(after) },
      [Symbol.asyncDispose]: () => thread.close(),
    };
  } catch (error) {
    await thread.close();
    throw error;
  }
}

type Told<Type extends FromReading["type"]> = Extract<FromReading, { readonly type: Type }>;

/** The port, with a promise for each answer. */
class ReadingThread {
  readonly #waiting: PromiseWithResolvers<FromReading>[] = [];
  /** What was found. */
  readonly opened: Promise<FoundMembers>;
  #passes = 0;

  constructor(private readonly port: MessagePort, private readonly signal: AbortSignal) {
    this.opened = untilAborted(this.#answer<"opened">(), signal).then(({ found }) => found);
    port.addEventListener("message", ({ data }: MessageEvent<FromReading>) => {
      const waiting = this.#waiting.shift();
      if (data.type === "failed") waiting?.reject(reviveError(data.failure, data.stack));
      else waiting?.resolve(data);
    });
    port.start();
  }

  async *read(after?: number): AsyncGenerator<MemberBatch> {
    const pass = ++this.#passes;
    const ahead: Promise<Told<"batch">>[] = [];
    const ask = () => ahead.push(this.#ask<"batch">({ type: "next", pass, after }));
    try {
      while (ahead.length < AHEAD) ask();
      for (;;) {
        const { batch } = await untilAborted(ahead.shift()!, this.signal);
        if (batch === undefined) return;
        ask();
        yield batch;
      }
    } finally {
      this.#post({ type: "end", pass });
    }
  }

  /** Waits until the state is let go. */
  async close(): Promise<void> {
    await this.#ask<"closed">({ type: "close" });
    this.port.close();
  }

  #ask<Type extends FromReading["type"]>(message: ToReading): Promise<Told<Type>> {
    this.#post(message);
    return this.#answer<Type>();
  }

  /** The answer to what was said last. */
  #answer<Type extends FromReading["type"]>(): Promise<Told<Type>> {
    const waiting = Promise.withResolvers<FromReading>();
    // Whoever waits for it is told; nobody may.
    waiting.promise.catch(() => {});
    this.#waiting.push(waiting);
    return waiting.promise as Promise<Told<Type>>;
  }

  #post(message: ToReading): void {
    this.port.postMessage(message);
  }
}
