/**
 * Reads a file with Waybill's SFTP store, in a process of its own: `HOST PORT USER KEY_FILE PATH`.
 *
 * @module
 */
import { openSftpStore } from "../core/files/mod.ts";

if (import.meta.main) {
  const [host = "", port = "", username = "", key = "", path = ""] = Deno.args;
  await using store = await openSftpStore({
    host,
    port: Number(port),
    username,
    privateKey: await Deno.readTextFile(key),
    // As the peers are told: the server was started for this.
    verifyHostKey: () => true,
  });
  using sink = await Deno.open("/dev/null", { write: true });
  await (await store.open(path)).pipeTo(sink.writable);
}
