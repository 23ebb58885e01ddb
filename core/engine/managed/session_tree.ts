/**
 * The files of a managed account for one session: the database's, with the uploads that have not ended.
 *
 * @module
 */
import { Failure } from "../../contracts/failure.ts";
import type { Database, Executor } from "../../database/database.ts";
import { readContent } from "./content_reader.ts";
import { type ManagedContents, throwIfDiskFull } from "./contents.ts";
import { entryOf } from "./entry.ts";
import { commitFile, keepPartial } from "./file_commit.ts";
import { type ManagedLogEntry, writeLog } from "./log.ts";
import {
  bytesIn,
  contentsOf,
  folderAt,
  isFolder,
  missing,
  nodeAt,
  nodesIn,
  type Place,
  placeAt,
  taken,
  type Tree,
} from "./nodes.ts";
import { namesOf, pathOf } from "./paths.ts";
import { SessionReading, SessionUpload } from "./session_file.ts";
import type { SessionEntry, SessionFile, SessionFiles, SessionOpenOptions, SessionSpace } from "./session_files.ts";
import { type ChangeContext, type Changed, makeFolder, removeFile, removeFolder, rename } from "./tree_changes.ts";
import type { Upload } from "./upload.ts";
import { beginUpload } from "./upload_start.ts";
import type { UploadContent } from "./upload_content.ts";
import type { TreeUploads, Uploads } from "./uploads.ts";

/** Entries of one page of a listing. */
const PAGE = 500;

/** Who works on which files. */
export interface SessionTreeOptions {
  readonly database: Database;
  readonly contents: ManagedContents;
  /** Shared by all sessions of the process. */
  readonly uploads: Uploads;
  readonly tree: Tree;
  /** Most bytes; undefined without a limit. */
  readonly quota: number | undefined;
  /** What the log says of it. */
  readonly session: ManagedLogEntry["session"];
}

/** The files of one session. Disposing of it interrupts what is open. */
export class SessionTree implements SessionFiles, AsyncDisposable {
  readonly #options: SessionTreeOptions;
  readonly #uploads: TreeUploads;
  readonly #open = new Set<SessionFile>();

  /** Takes what it works on. */
  constructor(options: SessionTreeOptions) {
    this.#options = options;
    this.#uploads = options.uploads.of(options.tree);
  }

  canonical(path: string): string {
    return pathOf(namesOf(path));
  }

  async stat(path: string): Promise<SessionEntry> {
    const names = namesOf(path);
    if (names.length === 0) return { name: "", kind: "folder", size: 0, modified: 0 };
    const place = await placeAt(this.#kysely, this.#tree, names);
    const entry = entryOf(place.name, await nodeAt(this.#kysely, this.#tree, place), this.#uploads.at(place));
    if (entry === undefined) throw missing(names);
    return entry;
  }

  async *list(path: string): AsyncGenerator<readonly SessionEntry[], void, undefined> {
    const parent = await folderAt(this.#kysely, this.#tree, namesOf(path));
    const begun = new Map(this.#uploads.in(parent).map((upload) => [upload.place.name, upload]));
    for (let after = "";;) {
      const nodes = await nodesIn(this.#kysely, this.#tree, parent, after, PAGE).execute();
      yield nodes.flatMap((node) => {
        const upload = begun.get(node.name);
        begun.delete(node.name);
        return entryOf(node.name, node, upload) ?? [];
      });
      const last = nodes.at(-1);
      if (last === undefined || nodes.length < PAGE) break;
      after = last.name;
    }
    if (begun.size > 0) yield [...begun].flatMap(([name, upload]) => entryOf(name, undefined, upload) ?? []);
  }

  async open(path: string, options: SessionOpenOptions): Promise<SessionFile> {
    const names = namesOf(path);
    const file = await (options.write ? this.#openUpload(names, options) : this.#openReading(names));
    this.#open.add(file);
    return file;
  }

  async makeFolder(path: string): Promise<void> {
    await this.#change((context) => makeFolder(context, namesOf(path)));
  }

  async removeFolder(path: string): Promise<void> {
    await this.#change((context) => removeFolder(context, namesOf(path)));
  }

  async remove(path: string): Promise<void> {
    await this.#change((context) => removeFile(context, namesOf(path)));
  }

  async rename(from: string, to: string, { replace = false }: { readonly replace?: boolean } = {}): Promise<void> {
    await this.#change((context) => rename(context, namesOf(from), namesOf(to), replace));
  }

  async space(): Promise<SessionSpace> {
    return { quota: this.#options.quota, used: await bytesIn(this.#kysely, this.#tree) };
  }

  /** Interrupts what is open. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled([...this.#open].map((file) => file.interrupt()));
  }

  get #tree(): Tree {
    return this.#options.tree;
  }

  get #kysely(): Executor {
    return this.#options.database.kysely;
  }

  readonly #ended = (file: SessionFile): void => {
    this.#open.delete(file);
  };

  async #openReading(names: readonly string[]): Promise<SessionFile> {
    if (names.length === 0) throw isFolder(names);
    const place = await placeAt(this.#kysely, this.#tree, names);
    // An upload must not end before what it brings is open: what it holds in memory goes with it.
    if (this.#uploads.at(place) !== undefined) {
      return await this.#uploads.exclusively(() => this.#reading(place, names));
    }
    return await this.#reading(place, names);
  }

  /** `gone`: the content that was there a moment ago, and was not when it was to be opened. */
  async #reading(place: Place, names: readonly string[], gone?: string): Promise<SessionFile> {
    const upload = this.#uploads.at(place);
    const node = await nodeAt(this.#kysely, this.#tree, place);
    const entry = entryOf(place.name, node, upload);
    if (entry === undefined) throw missing(names);
    // Whoever reads what an upload under way brings keeps that, whatever becomes of the upload: it becomes a file.
    const content = upload === undefined ? node?.partial ?? node?.content : (await upload.content.file()).id;
    if (typeof content !== "string") throw isFolder(names);
    try {
      const reader = await readContent(this.#kysely, this.#options.contents, this.#tree.account, content);
      return new SessionReading({ entry, content: reader, upload, ended: this.#ended });
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== "not_found" || content === gone) throw error;
      // Another took its place between the two looks.
      return await this.#reading(place, names, content);
    }
  }

  async #openUpload(names: readonly string[], options: SessionOpenOptions): Promise<SessionFile> {
    return await this.#uploads.exclusively(async () => {
      const place = await placeAt(this.#kysely, this.#tree, names);
      const node = await nodeAt(this.#kysely, this.#tree, place);
      let upload = this.#uploads.at(place);
      const there = entryOf(place.name, node, upload);
      if (there === undefined && !options.create) throw missing(names);
      if (there?.kind === "folder") throw isFolder(names);
      if (there !== undefined && options.create && options.exclusive) throw taken(names, "file");
      // Other processes may have written; whoever has no limit is spared the look.
      if (this.#options.quota !== undefined) this.#uploads.bytes = await bytesIn(this.#kysely, this.#tree);
      if (upload === undefined || options.truncate) {
        const { contents } = this.#options;
        const at = { executor: this.#kysely, contents, tree: this.#tree, place, node };
        upload = await beginUpload(at, options.truncate === true);
        this.#uploads.add(upload);
      }
      return this.#handleOf(upload, names);
    });
  }

  #handleOf(upload: Upload, names: readonly string[]): SessionFile {
    // A client that lost its connection goes on over another; the handles of the lost one count no more.
    upload.handles = upload.owner === this ? upload.handles + 1 : 1;
    upload.owner = this;
    return new SessionUpload({
      upload,
      owner: this,
      grow: (size) => this.#uploads.checkQuota(this.#options.quota, upload, size),
      end: (how) => this.#end(upload, names, how),
      ended: this.#ended,
    });
  }

  /** A handle of an upload has ended; with the last one, the upload has. */
  async #end(upload: Upload, names: readonly string[], how: "close" | "interrupt"): Promise<void> {
    const { content } = upload;
    // Outside of what keeps others waiting: after the last handle nothing is written.
    if (how === "close" && upload.isWanted) await toDisk(content).catch((error) => upload.failed ??= error);
    const wasSmall = content.small !== undefined;
    await this.#uploads.exclusively(async () => {
      if (upload.owner !== this || --upload.handles > 0) return;
      let gone: readonly string[] = upload.resumed && !upload.abandoned
        ? []
        : contentsOf({ content: content.id, partial: null });
      try {
        if (upload.isWanted && how === "close") {
          // Somebody who reads it may have made a file of it meanwhile.
          if (wasSmall) await toDisk(content);
          gone = await this.#commit(upload, names);
        } else if (upload.isWanted && upload.contiguous > 0 && this.#uploads.isCurrent(upload)) {
          gone = await this.#keep(upload, names);
        } else if (upload.resumed) await upload.undo();
      } finally {
        this.#uploads.delete(upload);
        await content[Symbol.asyncDispose]();
        await this.#discard(gone);
      }
    });
    if (how === "close" && upload.failed !== undefined) throw upload.failed;
  }

  /** Gives the file its content; gives the contents that nothing names any more. */
  async #commit(upload: Upload, names: readonly string[]): Promise<readonly string[]> {
    const { size, place, content, resumed } = upload;
    const { small } = content;
    const { gone } = await this.#write(async (transaction, now) => {
      const { quota } = this.#options;
      const file = { place, names, content: content.id, size, quota, now, resumed, ...(small && { small }) };
      const committed = await commitFile(transaction, this.#tree, file);
      await this.#log(transaction, now, { action: "upload", path: pathOf(names), bytes: size });
      return committed;
    });
    return gone;
  }

  /** Keeps what an upload that broke off has brought without gaps; gives the contents that nothing names any more. */
  async #keep(upload: Upload, names: readonly string[]): Promise<readonly string[]> {
    const { contiguous: size, place, content, resumed } = upload;
    await content.truncate(size);
    await (await content.file()).sync();
    const { gone } = await this.#write((transaction, now) =>
      keepPartial(transaction, this.#tree, { place, names, content: content.id, size, now, resumed })
    );
    return gone;
  }

  /** Changes names in one transaction; what nothing names any more is removed after it. */
  async #change(work: (context: ChangeContext) => Promise<Changed | undefined>): Promise<void> {
    await this.#uploads.exclusively(async () => {
      const { changed } = await this.#write(async (transaction, now) => {
        const changed = await work({ transaction, now, tree: this.#tree, uploads: this.#uploads });
        if (changed !== undefined) await this.#log(transaction, now, changed.log);
        return { changed, bytes: await bytesIn(transaction, this.#tree) };
      });
      changed?.uploads?.();
      await this.#discard(changed?.gone ?? []);
    });
  }

  /** Runs work in one transaction; what it says of the account's bytes holds once that stands. */
  async #write<T extends { readonly bytes: number }>(
    work: (transaction: Executor, now: number) => Promise<T>,
  ): Promise<T> {
    const { database } = this.#options;
    const result = await throwIfDiskFull(() =>
      database.write(async (transaction) => await work(transaction, await database.now()))
    );
    this.#uploads.bytes = result.bytes;
    return result;
  }

  async #discard(contents: readonly string[]): Promise<void> {
    for (const id of contents) await this.#options.contents.remove(id);
  }

  async #log(
    transaction: Executor,
    at: number,
    entry: Pick<ManagedLogEntry, "action" | "path" | "target" | "bytes">,
  ): Promise<void> {
    const { session, tree } = this.#options;
    await writeLog(transaction, tree.account, { at, session, ...entry });
  }
}

/** Brings a content there that is a file; what is small is brought there by the commit. */
async function toDisk(content: UploadContent): Promise<void> {
  if (content.small === undefined) await (await content.file()).sync();
}
