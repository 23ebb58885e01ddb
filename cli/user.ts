/**
 * Who types commands: what the audit log calls them.
 *
 * @module
 */
import { type Actor, commandLineUser } from "../core/engine/actor.ts";

/** The user that the process runs as: by name where the system's list of users has it, else by number. */
export async function thisUser(): Promise<Actor> {
  const uid = ownNumber();
  if (uid === null) return commandLineUser(null, "command line");
  return commandLineUser(String(uid), await nameOf(uid) ?? `user ${uid}`);
}

function ownNumber(): number | null {
  try {
    return Deno.uid();
  } catch (error) {
    // A task of the operator's own may not grant it: no reason to refuse the work.
    if (error instanceof Deno.errors.NotCapable) return null;
    throw error;
  }
}

async function nameOf(uid: number): Promise<string | undefined> {
  try {
    const users = (await Deno.readTextFile("/etc/passwd")).split("\n").map((line) => line.split(":"));
    return users.find(([, , id]) => id === String(uid))?.[0];
  } catch {
    // A user from elsewhere, or a system without such a list: the number tells as much.
    return undefined;
  }
}
