/** A disk without room for an upload: the answer says so, nothing is left, and the next one finds room again. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { openTestServer } from "../server/server_testing.ts";
import { mountSmallDisk, requireSmallDisk } from "./support/small_disk.ts";

Deno.test({
  name: "an upload that fills the disk answers 503 and leaves nothing",
  ignore: !requireSmallDisk(),
  fn: async () => {
    await using disk = await mountSmallDisk({ mebibytes: 8 });
    const home = join(disk.path, "home");
    await using server = await openTestServer({ home });
    const send = (bytes: number) =>
      server.call("POST /api/stream/s/upload", {
        body: "id\n".padEnd(bytes, "1\n"),
        headers: { "content-type": "text/csv" },
      });
    const left = () => Array.from(Deno.readDirSync(join(home, "spool", "1")));
    const tooMuch = await send(12 << 20);
    assert.equal(tooMuch.status, 503, tooMuch.text);
    assert.match(tooMuch.json.message, /^The disk that holds ".*spool" is full$/);
    assert.deepEqual(left(), []);
    disk.fill();
    assert.equal((await send(100)).status, 503);
    assert.deepEqual(left(), []);
    disk.free();
    assert.equal((await send(1 << 20)).status, 202);
    assert.equal(left().length, 1);
  },
});
