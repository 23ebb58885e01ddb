/**
 * Does what a client asks for with the files of its account, and makes the answers.
 *
 * @module
 */
import type { Buffer } from "node:buffer";
import type { SessionFiles } from "../../core/engine/managed/session_files.ts";
import {
  attributesAnswer,
  dataAnswer,
  handleAnswer,
  limitsAnswer,
  nameAnswer,
  type NamedFile,
  okAnswer,
  roomAnswer,
  statusAnswer,
} from "./answers.ts";
import { attributesOf } from "./entries.ts";
import { Handles, OpenFile, OpenFolder, type OpenThing, type UserHandles } from "./handles.ts";
import type { SessionEvent } from "./journal.ts";
import { nextNames, readOn } from "./listing.ts";
import { Order } from "./order.ts";
import { MAX_DATA, MAX_POSITION, OpenFlag, Status } from "./protocol.ts";
import type { IdentifiedRequest, Request, RequestPath } from "./requests.ts";
import { Refusal, statusOf } from "./statuses.ts";

/** Said to be free where an account has no limit: 1 PiB. */
const NO_LIMIT = 2 ** 50;

/** What the work needs to know. */
export interface OperationsOptions {
  readonly files: SessionFiles;
  readonly username: string;
  /** Most handles that are open at a time. */
  readonly maxHandles: number;
  /** Those of all users. */
  readonly userHandles: UserHandles;
  readonly journal: (event: SessionEvent) => void;
  /** Told of errors that nobody expected. */
  readonly onBug: (error: unknown) => void;
}

/**
 * The work of one channel. What changes names is done in the order in which it came, as is what concerns one handle; so
 * a client may send requests that build on one another without waiting for answers.
 */
export class Operations {
  readonly #options: OperationsOptions;
  readonly #files: SessionFiles;
  readonly #handles: Handles;
  readonly #names = new Order();
  #ended = false;

  constructor(options: OperationsOptions) {
    this.#options = options;
    this.#files = options.files;
    this.#handles = new Handles(options.maxHandles, options.username, options.userHandles);
  }

  /** Paths of the files that are being written. */
  get uploads(): readonly string[] {
    return this.#handles.uploads();
  }

  /** The answer to a request, whatever happens. What is handed in first is begun first. */
  async answer({ id, request }: IdentifiedRequest): Promise<Buffer> {
    try {
      return await this.#do(id, request);
    } catch (error) {
      const status = statusOf(error);
      if (status !== undefined) return statusAnswer(id, status.code, status.message);
      this.#options.onBug(error);
      return statusAnswer(id, Status.FAILURE, "The server could not do this: its log says why");
    }
  }

  /** Waits for what has begun, then lets go of everything that is open: uploads are interrupted, not ended. */
  async end(): Promise<void> {
    this.#ended = true;
    await this.#names.alone(async () => {});
    await Promise.all(this.#handles.takeAll().map((thing) => this.#interrupt(thing)));
  }

  #do(id: number, request: Request): Promise<Buffer> {
    switch (request.kind) {
      case "open":
        return this.#open(id, request.path, request.flags);
      case "close":
        return this.#close(id, request.handle);
      case "read":
        return this.#read(id, this.#handles.file(request.handle), request.position, request.length);
      case "write":
        return this.#write(id, this.#handles.file(request.handle), request.position, request.data);
      case "stat":
        return this.#look(
          request.path,
          async (path) => attributesAnswer(id, attributesOf(await this.#files.stat(path))),
        );
      case "stat_handle":
        return this.#statHandle(id, this.#handles.find(request.handle));
      case "set_stat":
        return this.#setStat(id, request.path, request.attributes.size);
      case "set_stat_handle":
        return this.#setStatHandle(id, request.handle, request.attributes.size);
      case "open_folder":
        return this.#openFolder(id, request.path);
      case "read_folder":
        return this.#readFolder(id, this.#handles.folder(request.handle));
      case "remove":
        return this.#change(id, request.path, (path) => this.#files.remove(path), "remove");
      case "make_folder":
        return this.#change(id, request.path, (path) => this.#files.makeFolder(path), "make_folder");
      case "remove_folder":
        return this.#change(id, request.path, (path) => this.#files.removeFolder(path), "remove_folder");
      case "rename":
        return this.#rename(id, request);
      case "canonical":
        return this.#canonical(id, request.path);
      case "sync":
        return this.#sync(id, this.#handles.file(request.handle));
      case "space":
        return this.#look(request.path, async (path) => {
          await this.#files.stat(path);
          return this.#space(id);
        });
      case "space_handle":
        this.#handles.find(request.handle);
        return this.#space(id);
      default:
        return this.#other(id, request);
    }
  }

  async #other(id: number, request: Request): Promise<Buffer> {
    switch (request.kind) {
      case "limits":
        return limitsAnswer(id, this.#options.maxHandles);
      case "home":
        if (request.username === "" || request.username === this.#options.username) return nameAnswer(id, [bare("/")]);
        throw new Refusal(Status.NO_SUCH_FILE, "Only your own home folder can be asked for");
      case "ignored":
        return okAnswer(id);
      case "link":
        throw new Refusal(Status.OP_UNSUPPORTED, `There are no ${request.symbolic ? "symbolic" : "hard"} links here`);
      case "read_link":
        throw new Refusal(Status.OP_UNSUPPORTED, "There are no symbolic links here");
      case "malformed":
        throw new Refusal(Status.BAD_MESSAGE, request.why);
      default:
        throw new Refusal(
          Status.OP_UNSUPPORTED,
          `${request.kind === "unsupported" ? request.what : "This request"} is not supported`,
        );
    }
  }

  /** Looks at a path beside others that do. */
  #look(path: RequestPath, work: (path: string) => Promise<Buffer>): Promise<Buffer> {
    const given = requirePath(path);
    return this.#names.shared(() => work(given));
  }

  #change(
    id: number,
    path: RequestPath,
    work: (path: string) => Promise<void>,
    kind: "remove" | "make_folder" | "remove_folder",
  ): Promise<Buffer> {
    const given = requirePath(path);
    return this.#names.alone(async () => {
      await work(given);
      this.#options.journal({ kind, path: this.#files.canonical(given) });
      return okAnswer(id);
    });
  }

  #rename(id: number, request: Request & { readonly kind: "rename" }): Promise<Buffer> {
    const [from, to] = [requirePath(request.from), requirePath(request.to)];
    return this.#names.alone(async () => {
      await this.#files.rename(from, to, { replace: request.replace });
      this.#options.journal({ kind: "rename", path: this.#files.canonical(from), to: this.#files.canonical(to) });
      return okAnswer(id);
    });
  }

  async #canonical(id: number, path: RequestPath): Promise<Buffer> {
    return nameAnswer(id, [bare(this.#files.canonical(requirePath(path)))]);
  }

  #open(id: number, path: RequestPath, flags: number): Promise<Buffer> {
    const given = requirePath(path);
    const has = (flag: number) => (flags & flag) !== 0;
    const append = has(OpenFlag.APPEND);
    const write = has(OpenFlag.WRITE) || append || has(OpenFlag.CREATE) || has(OpenFlag.TRUNCATE);
    const options = {
      // A program that asks for neither means to read, as `open(2)` has it.
      read: has(OpenFlag.READ) || !write,
      write,
      create: has(OpenFlag.CREATE),
      truncate: has(OpenFlag.TRUNCATE),
      exclusive: has(OpenFlag.CREATE) && has(OpenFlag.EXCLUSIVE),
    };
    return this.#keep(id, async () => {
      const file = await this.#files.open(given, options);
      return new OpenFile(this.#files.canonical(given), file, write, append);
    });
  }

  #openFolder(id: number, path: RequestPath): Promise<Buffer> {
    const given = requirePath(path);
    return this.#keep(id, async () => {
      const folder = new OpenFolder(given, this.#files.list(given)[Symbol.asyncIterator]());
      // Whether it is there shows with the first page.
      await readOn(folder);
      return folder;
    });
  }

  /** Opens something in its turn and answers with its handle. */
  #keep(id: number, open: () => Promise<OpenThing>): Promise<Buffer> {
    this.#handles.reserve();
    return this.#names.alone(async () => {
      let thing: OpenThing;
      try {
        thing = await open();
      } catch (error) {
        this.#handles.release();
        throw error;
      }
      const handle = this.#handles.add(thing);
      if (this.#ended) await this.#interrupt(this.#handles.take(handle));
      return handleAnswer(id, handle);
    });
  }

  #close(id: number, handle: string): Promise<Buffer> {
    const thing = this.#handles.take(handle);
    return this.#names.alone(async () => {
      if (thing instanceof OpenFolder) {
        await thing.order.alone(async () => void await thing.pages.return?.());
      } else {
        await thing.order.alone(() => this.#closeFile(thing));
      }
      return okAnswer(id);
    });
  }

  async #closeFile(open: OpenFile): Promise<void> {
    const { file, path, write, received, sent } = open;
    if (sent > 0) this.#options.journal({ kind: "download", path, bytes: sent });
    try {
      await file.close();
    } catch (error) {
      if (write) this.#options.journal({ kind: "upload", path, bytes: received, complete: false });
      throw error;
    }
    if (write) this.#options.journal({ kind: "upload", path, bytes: received, complete: true });
  }

  async #interrupt(thing: OpenThing): Promise<void> {
    try {
      if (thing instanceof OpenFolder) {
        return void await thing.order.alone(async () => void await thing.pages.return?.());
      }
      await thing.order.alone(() => thing.file.interrupt());
      const { path, write, received, sent } = thing;
      if (sent > 0) this.#options.journal({ kind: "download", path, bytes: sent });
      if (write) this.#options.journal({ kind: "upload", path, bytes: received, complete: false });
    } catch (error) {
      if (statusOf(error) === undefined) this.#options.onBug(error);
    }
  }

  #read(id: number, open: OpenFile, position: number, length: number): Promise<Buffer> {
    return open.order.shared(async () => {
      if (position > MAX_POSITION) return endAnswer(id);
      const data = await open.file.read(position, Math.min(length, MAX_DATA));
      if (data.length === 0 && length > 0) return endAnswer(id);
      open.sent += data.length;
      return dataAnswer(id, data);
    });
  }

  #write(id: number, open: OpenFile, position: number, data: Uint8Array): Promise<Buffer> {
    requireWrite(open);
    if (position + data.length > MAX_POSITION) throw new Refusal(Status.FAILURE, "No file is as long as that");
    return open.order.alone(async () => {
      await open.file.write(open.append ? (await open.file.stat()).size : position, data);
      open.received += data.length;
      return okAnswer(id);
    });
  }

  #statHandle(id: number, thing: OpenThing): Promise<Buffer> {
    return thing.order.alone(async () => {
      const entry = thing instanceof OpenFile ? await thing.file.stat() : await this.#files.stat(thing.path);
      return attributesAnswer(id, attributesOf(entry));
    });
  }

  /** Only a size is set; owner, mode and times are the server's, and asking for others is no error. */
  #setStat(id: number, path: RequestPath, size: number | undefined): Promise<Buffer> {
    const given = requirePath(path);
    if (size === undefined) {
      return this.#names.shared(async () => {
        await this.#files.stat(given);
        return okAnswer(id);
      });
    }
    requireSize(size);
    return this.#names.alone(async () => {
      const file = await this.#files.open(given, { write: true });
      try {
        await file.truncate(size);
      } catch (error) {
        await file.interrupt();
        throw error;
      }
      await file.close();
      this.#options.journal({ kind: "upload", path: this.#files.canonical(given), bytes: 0, complete: true });
      return okAnswer(id);
    });
  }

  async #setStatHandle(id: number, handle: string, size: number | undefined): Promise<Buffer> {
    if (size === undefined) {
      this.#handles.find(handle);
      return okAnswer(id);
    }
    const open = this.#handles.file(handle);
    requireWrite(open);
    requireSize(size);
    return await open.order.alone(async () => {
      // lftp says the size of each file once all of it is there.
      if ((await open.file.stat()).size !== size) await open.file.truncate(size);
      return okAnswer(id);
    });
  }

  #readFolder(id: number, folder: OpenFolder): Promise<Buffer> {
    return folder.order.alone(async () => {
      const names = await nextNames(folder, this.#options.username);
      return names.length === 0 ? endAnswer(id) : nameAnswer(id, names);
    });
  }

  #sync(id: number, open: OpenFile): Promise<Buffer> {
    return open.order.alone(async () => {
      await open.file.sync();
      return okAnswer(id);
    });
  }

  async #space(id: number): Promise<Buffer> {
    const { quota, used } = await this.#files.space();
    const total = Math.max(quota ?? NO_LIMIT + used, used);
    return roomAnswer(id, { total, free: total - used });
  }
}

function endAnswer(id: number): Buffer {
  return statusAnswer(id, Status.EOF, "End of file");
}

/** A name that says nothing else. */
function bare(name: string): NamedFile {
  return { name, longname: name, attributes: {} };
}

function requirePath(path: RequestPath): string {
  if (path !== undefined) return path;
  throw new Refusal(Status.FAILURE, "The name is not UTF-8: set your program's character set to UTF-8");
}

function requireWrite(open: OpenFile): void {
  if (!open.write) throw new Refusal(Status.PERMISSION_DENIED, "The file was not opened for writing");
}

function requireSize(size: number): void {
  if (size > MAX_POSITION) throw new Refusal(Status.FAILURE, "No file is as long as that");
}
