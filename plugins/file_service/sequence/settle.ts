/**
 * Tells whether a file has been left alone for long enough, or may still be being written.
 *
 * @module
 */
import type { FileEntry, FileStore } from "@waybill/waybill";
import { type Clocks, OWN_CLOCKS } from "./clocks.ts";

/** Nobody's clock is wrong by more than this. */
const DAY = 86_400_000;

/**
 * Watches files of one store. A file has settled when any of these holds, on the safe side whatever the clocks:
 *
 * - it was seen with this size and modification time for the settle time;
 * - the store's clock is known, and its modification time lies the settle time before it; else
 * - another file was modified the settle time after it: the server's clock showed that time, so it is at least as late
 *   now. Modification times in our future are not believed, since a client can set any;
 * - it was modified more than a day, and the settle time, before our own clock.
 */
export class SettleWatch {
  readonly #since = new Map<string, { readonly size: number; readonly modified: number; readonly at: number }>();
  /** Whether the store told its clock. */
  #exact = false;
  /** The latest time that the server's clock is known to have shown, and when that was by our own. */
  #server: { readonly time: number; readonly at: number } | undefined;

  constructor(private readonly settle: number, private readonly clocks: Clocks = OWN_CLOCKS) {}

  /** Takes note of what a listing tells of a file. */
  see({ modified }: Pick<FileEntry, "modified">): void {
    if (this.#exact) return;
    const at = this.clocks.elapsed();
    if (modified <= this.clocks.now() && modified > this.#serverTime()) this.#server = { time: modified, at };
  }

  /** Takes note of the store's clock, where it has one. */
  async ask(files: FileStore): Promise<void> {
    const time = await files.clock?.();
    if (time === undefined) return;
    this.#server = { time, at: this.clocks.elapsed() };
    this.#exact = true;
  }

  /** Whether the file has settled, seen as it is now. */
  settled({ path, size, modified }: Pick<FileEntry, "path" | "size" | "modified">): boolean {
    if (this.settle === 0) return true;
    const at = this.clocks.elapsed();
    const before = this.#since.get(path);
    const same = before?.size === size && before.modified === modified;
    if (!same) this.#since.set(path, { size, modified, at });
    const settled = (same && at - before.at >= this.settle) ||
      this.#serverTime() - modified >= this.settle ||
      (!this.#exact && this.clocks.now() - modified >= this.settle + DAY);
    if (settled) this.#since.delete(path);
    return settled;
  }

  #serverTime(): number {
    return this.#server === undefined ? -Infinity : this.#server.time + this.clocks.elapsed() - this.#server.at;
  }
}
