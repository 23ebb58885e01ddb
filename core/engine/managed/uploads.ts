/**
 * The uploads of this process that have not ended, by account and place.
 *
 * @module
 */
import { Mutex } from "../../database/mutex.ts";
import type { Place, Tree } from "./nodes.ts";
import { quotaFailure } from "./quota.ts";
import type { Upload } from "./upload.ts";

/** The uploads of one tree, and what goes one at a time in it. */
export class TreeUploads {
  /** Bytes of the tree's files, as the database had them last. */
  bytes = 0;
  readonly #mutex = new Mutex();
  readonly #current = new Map<string, Upload>();
  readonly #all = new Set<Upload>();

  /** Runs work on names one at a time, so that what it looked up stays true. */
  async exclusively<T>(work: () => Promise<T>): Promise<T> {
    await this.#mutex.acquire();
    try {
      return await work();
    } finally {
      this.#mutex.release();
    }
  }

  /** The upload that was begun last at a place. */
  at(place: Place): Upload | undefined {
    return this.#current.get(keyOf(place));
  }

  /** Those in a folder. */
  in(parent: string): Upload[] {
    return [...this.#current.values()].filter(({ place }) => place.parent === parent);
  }

  /** Takes an upload up. One that is at its place already comes to an end of its own, which changes nothing but the file. */
  add(upload: Upload): void {
    this.#all.add(upload);
    this.#current.set(keyOf(upload.place), upload);
  }

  /** Whether it is the one that was begun last at its place. */
  isCurrent(upload: Upload): boolean {
    return this.at(upload.place) === upload;
  }

  /** Lets go of an upload that has ended. */
  delete(upload: Upload): void {
    this.#all.delete(upload);
    if (this.isCurrent(upload)) this.#current.delete(keyOf(upload.place));
  }

  /** What was at `from` is at `to` now; what was at `to` comes to nothing. */
  move(from: Place, to: Place): void {
    this.abandon(to);
    const moved = this.at(from);
    if (moved === undefined) return;
    this.#current.delete(keyOf(from));
    moved.place = to;
    this.#current.set(keyOf(to), moved);
  }

  /** The upload at a place comes to nothing. */
  abandon(place: Place): void {
    const upload = this.at(place);
    if (upload === undefined) return;
    upload.abandoned = true;
    this.#current.delete(keyOf(place));
  }

  /**
   * Refuses bytes past the quota, those of all uploads counted. What the upload takes the place of does not count: a file
   * and what an upload that broke off has brought for it may be more than the quota, until one is gone on with.
   */
  checkQuota(quota: number | undefined, upload: Upload, size: number): void {
    if (quota === undefined || size <= upload.size) return;
    let total = this.bytes + size - upload.replaces;
    for (const other of this.#all) if (other !== upload) total += Math.max(0, other.size - other.replaces);
    if (total > quota) throw quotaFailure(quota);
  }
}

/** The uploads of a process. */
export class Uploads {
  readonly #trees = new Map<string, TreeUploads>();

  /** Those of one tree. */
  of({ account, id }: Tree): TreeUploads {
    const key = `${account} ${id}`;
    const known = this.#trees.get(key);
    if (known !== undefined) return known;
    const made = new TreeUploads();
    this.#trees.set(key, made);
    return made;
  }
}

function keyOf({ parent, name }: Place): string {
  return `${parent}/${name}`;
}
