import assert from "node:assert/strict";
import type { ImportBatch } from "./import_commit.ts";
import { failure, makeFolder } from "./engine_testing.ts";
import { startCommitThread } from "./import_testing.ts";

const BATCH: ImportBatch = {
  events: 0,
  lines: undefined,
  places: undefined,
  rejects: undefined,
  withheld: 0,
  fields: new Map(),
  profiles: [],
  checkpoint: {},
  files: [],
  compared: { added: 0, changed: 0, removed: 0 },
  snapshot: undefined,
  counted: { read: 0, accepted: 0, rejected: 0, unchanged: 0, refused: 0 },
  bytes: 0,
  duration: 0,
};

Deno.test("a commit thread that cannot open its database says why, to each batch, and ends", async () => {
  await using folder = await makeFolder();
  await using thread = startCommitThread({
    type: "import",
    database: { path: `${folder.path}/missing/waybill.db`, url: undefined },
    archiveDir: folder.path,
    workDir: folder.path,
    claim: { account: 1, run: "0".repeat(32), fence: 1 },
    place: { stream: 1, epoch: 0, targets: [] },
    identityKey: new Uint8Array(16),
  });
  await thread.commit(BATCH);
  const unopened = failure("config", /^The database ".*" cannot be opened$/, { hint: /^Check that its folder exists/ });
  await assert.rejects(thread.drain(), unopened);
  await assert.rejects(thread.commit(BATCH), unopened);
});
