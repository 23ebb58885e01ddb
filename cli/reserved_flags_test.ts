import assert from "node:assert/strict";
import { RESERVED_FLAGS } from "../core/engine/reserved_keys.ts";
import { GLOBAL_FLAGS, VERSION_FLAG } from "./command.ts";
import { NOUNS } from "./nouns.ts";

Deno.test("a plugin's configuration key can be no flag that a command has beside it", async () => {
  const own: Record<"auth" | "job", Set<string>> = { auth: new Set(), job: new Set() };
  for (const [noun, { load }] of Object.entries(NOUNS)) {
    const { self, verbs = {} } = await load();
    for (const command of [self, ...Object.values(verbs)]) {
      if (command?.declared === undefined) continue;
      const flags = [...command.flags ?? [], ...GLOBAL_FLAGS, VERSION_FLAG];
      for (const { name } of flags) own[noun === "auth" ? "auth" : "job"].add(name);
    }
  }
  for (const kind of ["auth", "job"] as const) {
    assert.deepEqual([...RESERVED_FLAGS[kind]].sort(), [...own[kind]].sort(), kind);
  }
});
