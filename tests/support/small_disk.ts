/**
 * A disk of a few MiB that can be filled to the last page: a tmpfs, which only root can mount.
 *
 * @module
 */
import { join } from "node:path";
import { requirePeer } from "@waybill/waybill/testing";

/** What a tmpfs hands out at a time, in bytes. */
const PAGE = 4096;

/** How large. */
export interface DiskSize {
  readonly mebibytes: number;
  /** Most files and folders. */
  readonly files?: number;
}

/** A mounted disk. Disposing of it unmounts it: nothing may have a file of it open any more. */
export interface SmallDisk extends AsyncDisposable {
  /** Where it is mounted. */
  readonly path: string;
  /** Fills it up, but for so many pages of 4 KiB. */
  fill(pagesLeft?: number): void;
  /** Uses up its files, but for so many. */
  fillFiles(filesLeft: number): void;
  /** Gives back what the above took. */
  free(): void;
}

/**
 * Whether a disk can be mounted; says so where it cannot. A missing program fails under `CI=true`, a missing right does
 * not: no package brings it, and many a CI runs in a container that was not given it.
 */
export function requireSmallDisk(): boolean {
  if (!requirePeer("mount (Debian package mount)", "/usr/bin/mount")) return false;
  const folder = Deno.makeTempDirSync({ prefix: "waybill-disk-" });
  try {
    const { success } = mount(folder, { mebibytes: 1 }).outputSync();
    if (success) run("/usr/bin/umount", folder);
    else console.warn("Not tested: a disk that is full. It takes the right to mount a tmpfs (root, CAP_SYS_ADMIN)");
    return success;
  } finally {
    Deno.removeSync(folder);
  }
}

/** Mounts one; ask {@linkcode requireSmallDisk} first. */
export async function mountSmallDisk(size: DiskSize): Promise<SmallDisk> {
  const path = await Deno.makeTempDir({ prefix: "waybill-disk-" });
  const { success, stderr } = await mount(path, size).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  const ballast = join(path, "ballast");
  return {
    path,
    fill: (pagesLeft = 0) => fill(ballast, pagesLeft),
    fillFiles: (filesLeft) => {
      Deno.mkdirSync(ballast);
      let files = 0;
      while (untilFull(() => Deno.writeTextFileSync(join(ballast, String(files)), ""))) files++;
      for (let left = 0; left < filesLeft; left++) Deno.removeSync(join(ballast, String(--files)));
    },
    free: () => Deno.removeSync(ballast, { recursive: true }),
    async [Symbol.asyncDispose]() {
      run("/usr/bin/umount", path);
      await Deno.remove(path);
    },
  };
}

function fill(path: string, pagesLeft: number): void {
  using file = Deno.openSync(path, { create: true, append: true });
  for (let size = 256 * PAGE; size >= PAGE; size /= 2) {
    const bytes = new Uint8Array(size);
    // The last write may have got in part of it.
    while (untilFull(() => file.writeSync(bytes) === size || full()));
  }
  file.truncateSync(Math.max(0, file.statSync().size - pagesLeft * PAGE));
}

function full(): never {
  throw new Error("(os error 28)");
}

/** Whether it worked; false when the disk is full. */
function untilFull(work: () => unknown): boolean {
  try {
    work();
    return true;
  } catch (error) {
    if (error instanceof Error && error.message.includes("(os error 28)")) return false;
    throw error;
  }
}

function mount(folder: string, { mebibytes, files }: DiskSize): Deno.Command {
  const options = `size=${mebibytes}m,mode=0700${files === undefined ? "" : `,nr_inodes=${files}`}`;
  return new Deno.Command("/usr/bin/mount", { args: ["-t", "tmpfs", "-o", options, "tmpfs", folder] });
}

function run(program: string, ...args: string[]): void {
  const { success, stderr } = new Deno.Command(program, { args }).outputSync();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}
