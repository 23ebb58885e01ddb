/**
 * Reads members for a run, on another thread than the one that writes them meanwhile.
 *
 * @module
 */
import { Failure } from "../../contracts/failure.ts";
import type { MemberBatch } from "../../contracts/members.ts";
import { openDatabase } from "../../database/open.ts";
import { describeError } from "../describe_error.ts";
import type { OpenReading } from "./open_reading.ts";
import type { FromReading, ReadingStart, ToReading } from "./reading_protocol.ts";

/** Opens what a run's thread asked for, and reads what it asks for through the port. */
export function serveReading(port: MessagePort, start: ReadingStart): void {
  const service = new ReadingService(start);
  let last: Promise<void> = Promise.resolve();
  const answer = (message: ReadingStart | ToReading) => {
    if (message.type === "close") service.end();
    last = last.then(async () => {
      const told = await service.answer(message);
      if (told !== undefined) port.postMessage(told, told.type === "batch" ? buffersOf(told.batch) : []);
    });
  };
  port.addEventListener("message", ({ data }: MessageEvent<ToReading>) => answer(data));
  answer(start);
}

/** Answers one message after another. */
class ReadingService {
  readonly #ending = new AbortController();
  readonly #stack = new AsyncDisposableStack();
  readonly #opened: Promise<OpenReading>;
  readonly #passes = new Map<number, AsyncGenerator<MemberBatch>>();

  constructor(start: ReadingStart) {
    this.#opened = this.#open(start);
  }

  /** Lets what is being read end soon. */
  end(): void {
    this.#ending.abort(new Failure("cancelled", "The members are not wanted any more"));
  }

  async answer(message: ReadingStart | ToReading): Promise<FromReading | undefined> {
    try {
      if (message.type === "close") {
        await this.#stack.disposeAsync();
        return { type: "closed" };
      }
      const { given } = await this.#opened;
      if (message.type === "members") {
        const { audience, columns } = given;
        return { type: "opened", found: { audience, columns } };
      }
      const { pass } = message;
      if (message.type === "end") {
        await this.#passes.get(pass)?.return(undefined);
        this.#passes.delete(pass);
        return undefined;
      }
      const { after } = message;
      const batches = this.#passes.get(pass) ??
        given.members(after === undefined ? {} : { after });
      this.#passes.set(pass, batches);
      const { value, done } = await batches.next();
      return { type: "batch", batch: done === true ? undefined : value };
    } catch (error) {
      const stack = error instanceof Error ? error.stack : undefined;
      return { type: "failed", failure: describeError(error), stack };
    }
  }

  async #open({ database, input }: ReadingStart): Promise<OpenReading> {
    const opened = this.#stack.use(await openDatabase(database));
    // Not before: this thread is an import's second one as well, which would hold all that for nothing.
    const { openReading } = await import("./open_reading.ts");
    return this.#stack.use(await openReading(opened, input, this.#ending.signal));
  }
}

/** The memory of a batch, which goes with it. */
function buffersOf(batch: MemberBatch | undefined): ArrayBuffer[] {
  return batch === undefined ? [] : [batch.ids, batch.bytes, batch.rows].map(({ buffer }) => buffer as ArrayBuffer);
}
