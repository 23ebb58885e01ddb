/**
 * A process that writes an artifact and never comes to its end: to be killed.
 *
 * `deno run artifact_child.ts HOME`; says "writing" on standard output once bytes of it are on their way.
 *
 * @module
 */
import { findAccount } from "../../core/engine/find_account.ts";
import { SYSTEM } from "../../core/engine/actor.ts";
import { makeArtifact } from "../../core/engine/artifacts/make_artifact.ts";
import { openCore } from "../../core/engine/core.ts";
import { PLUGINS } from "./home.ts";

async function* endless(): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(1 << 20).fill(97);
  console.log("writing");
  await new Promise((resolve) => setTimeout(resolve, 2 ** 30));
}

/** Writes until it is killed. */
async function main(home: string): Promise<void> {
  await using core = await openCore({ home, plugins: PLUGINS });
  const account = await findAccount(core.database.kysely, undefined);
  const context = { database: core.database, accountId: account.id, actor: SYSTEM };
  const input = { kind: "rejects", run: null, name: "a.jsonl", mediaType: "text/csv", lifetime: 1_000_000 } as const;
  await makeArtifact(core, context, input, endless());
}

const [home] = Deno.args;
if (import.meta.main && home !== undefined) await main(home);
