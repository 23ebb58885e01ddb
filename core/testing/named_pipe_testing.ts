/**
 * Named pipes, which a file must not take the place of.
 *
 * @module
 */
import { run } from "./openssh.ts";

/** Makes a named pipe; nobody reads it. */
export async function makePipe(path: string): Promise<void> {
  await run("/usr/bin/python3", ["-c", "import os, sys; os.mkfifo(sys.argv[1])", path]);
}
