import { dirname } from "node:path";
import { fileStoreSuite } from "../testing/file_store_suite.ts";
import { requireOpenSsh, startOpenSsh } from "../testing/openssh.ts";
import { openSftpStore } from "./sftp.ts";

if (requireOpenSsh()) {
  fileStoreSuite("SFTP", async () => {
    const server = await startOpenSsh();
    const store = await openSftpStore({
      ...server,
      verifyHostKey: (fingerprint) => fingerprint === server.hostKeyFingerprint,
    });
    return {
      store,
      put: async (path, bytes) => {
        await Deno.mkdir(dirname(`${server.folder}/${path}`), { recursive: true });
        await Deno.writeFile(`${server.folder}/${path}`, bytes);
      },
      [Symbol.asyncDispose]: async () => {
        await store.close();
        await server.stop();
      },
    };
  });
}
