/**
 * Makes a file that nobody may replace: a key, an id.
 *
 * @module
 */
import { diskFullFailure } from "./disk_full.ts";

/**
 * Makes a file with one line of text (0600), whole and on the disk before this resolves. What is there, be it another
 * process's that was faster, stays. A full disk is a Failure `transient`.
 */
export async function makeOnce(path: string, line: string): Promise<void> {
  const temporary = `${path}.${crypto.randomUUID()}`;
  try {
    using file = await Deno.open(temporary, { write: true, createNew: true, mode: 0o600 });
    const text = new TextEncoder().encode(`${line}\n`);
    for (let at = 0; at < text.length;) at += await file.write(text.subarray(at));
    await file.sync();
    // Unlike a rename, a link never replaces a file.
    await Deno.link(temporary, path);
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw diskFullFailure(error, path) ?? error;
  } finally {
    await Deno.remove(temporary).catch(() => {});
  }
}
