/**
 * What a client has open.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { randomFillSync } from "node:crypto";
import type { SessionEntry, SessionFile } from "../../core/engine/managed/session_files.ts";
import { Order } from "./order.ts";
import { Status } from "./protocol.ts";
import { Refusal } from "./statuses.ts";

/** An open file. */
export class OpenFile {
  /** Of the calls on it. */
  readonly order: Order = new Order();
  /** Bytes that came for it. */
  received = 0;
  /** Bytes that were read from it. */
  sent = 0;

  constructor(
    readonly path: string,
    readonly file: SessionFile,
    /** Whether it may be written to: closing it ends an upload. */
    readonly write: boolean,
    /** Whether data go to the end, whatever position they name. */
    readonly append: boolean,
  ) {}
}

/** An open folder. */
export class OpenFolder {
  /** Of the calls on it. */
  readonly order: Order = new Order();
  /** Entries that were read and not handed out yet. */
  pending: SessionEntry[] = [];

  constructor(readonly path: string, readonly pages: AsyncIterator<readonly SessionEntry[]>) {}
}

/** A file or folder that a client has open. */
export type OpenThing = OpenFile | OpenFolder;

/** How many handles each user has, over all channels. */
export class UserHandles {
  readonly #counts = new Map<string, number>();

  /** `most` of each. */
  constructor(private readonly most: number) {}

  /** Counts another one; refused where the user has as many as may be. */
  add(username: string): void {
    const count = this.#counts.get(username) ?? 0;
    if (count >= this.most) {
      const what = `${this.most} files and folders are open in the sessions of "${username}"`;
      throw new Refusal(Status.FAILURE, `${what}: close some of them first`);
    }
    this.#counts.set(username, count + 1);
  }

  /** Forgets one. */
  remove(username: string): void {
    const count = this.#counts.get(username) ?? 0;
    if (count > 1) this.#counts.set(username, count - 1);
    else this.#counts.delete(username);
  }
}

/** Hands out handles and finds what they stand for. */
export class Handles {
  readonly #open = new Map<string, OpenThing>();
  #reserved = 0;

  /** At most `most` are open at a time, and no more of the user than `ofUsers` allows. */
  constructor(
    private readonly most: number,
    private readonly username: string,
    private readonly ofUsers: UserHandles,
  ) {}

  /** Holds a place for something that is about to be opened; refused where all are taken. */
  reserve(): void {
    if (this.#open.size + this.#reserved >= this.most) {
      throw new Refusal(Status.FAILURE, `${this.most} files and folders are open: close some of them first`);
    }
    this.ofUsers.add(this.username);
    this.#reserved++;
  }

  /** Gives a reserved place back. */
  release(): void {
    this.ofUsers.remove(this.username);
    this.#reserved--;
  }

  /** Puts what was opened in a reserved place; gives a handle that nobody can guess. */
  add(thing: OpenThing): string {
    this.#reserved--;
    const handle = randomFillSync(Buffer.allocUnsafe(8)).toString("hex");
    this.#open.set(handle, thing);
    return handle;
  }

  /** What a handle stands for. */
  find(handle: string): OpenThing {
    const thing = this.#open.get(handle);
    if (thing === undefined) throw new Refusal(Status.FAILURE, "The handle is not open");
    return thing;
  }

  /** What a handle of a file stands for. */
  file(handle: string): OpenFile {
    const thing = this.find(handle);
    if (thing instanceof OpenFile) return thing;
    throw new Refusal(Status.FAILURE, "The handle is that of a folder, not of a file");
  }

  /** What a handle of a folder stands for. */
  folder(handle: string): OpenFolder {
    const thing = this.find(handle);
    if (thing instanceof OpenFolder) return thing;
    throw new Refusal(Status.FAILURE, "The handle is that of a file, not of a folder");
  }

  /** Takes a handle back: it stands for nothing any more. */
  take(handle: string): OpenThing {
    const thing = this.find(handle);
    this.#open.delete(handle);
    this.ofUsers.remove(this.username);
    return thing;
  }

  /** Takes all handles back. */
  takeAll(): OpenThing[] {
    return [...this.#open.keys()].map((handle) => this.take(handle));
  }

  /** Paths of the files that are being written. */
  uploads(): string[] {
    return [...this.#open.values()].flatMap((thing) => thing instanceof OpenFile && thing.write ? [thing.path] : []);
  }
}
