/**
 * `artifact list|show|revoke`
 *
 * @module
 */
import type { ArtifactView } from "../../core/engine/artifacts/views.ts";
import type { App } from "../app.ts";
import type { Command, Noun } from "../command.ts";
import { firstItems } from "../first_items.ts";

const ARTIFACT = { name: "ID" };

const list: Command = {
  summary: "Lists the files that links open, newest first; never a link itself",
  flags: [{ name: "limit", kind: "value", value: "NUMBER", help: "Most files to list [default: 20]" }],
  run: async (app, args) => {
    const { bytes } = await import("../format.ts");
    const wanted = args.integer("limit", 1, 100_000) ?? 20;
    const { artifacts } = await app.runtime();
    const found = await firstItems({ wanted, most: 100 }, (page) => artifacts.list(page));
    if (app.out.json) return app.out.value(found);
    app.out.table(
      ["id", "status", "name", "size", "made by", "expires", "fetched"],
      found.map((file) => [
        file.id,
        file.status,
        file.name,
        bytes(file.size),
        file.created_by.name,
        file.expires_at,
        file.fetches,
      ]),
    );
    if (found.length === 0) app.out.note("There is none: `run rejects RUN --link` makes one");
  },
};

const show: Command = {
  summary: "Shows one: what it is of, until when its link is good, and how often it was fetched",
  args: [ARTIFACT],
  run: async (app, { words: [id = ""] }) => {
    const artifact = await (await app.runtime()).artifacts.get(id);
    if (app.out.json) return app.out.value(artifact);
    await printArtifact(app, artifact);
  },
};

/** Prints what there is to tell of one. */
export async function printArtifact({ out }: App, artifact: ArtifactView): Promise<void> {
  const { bytes } = await import("../format.ts");
  out.pairs([
    ["name", artifact.name],
    ["id", artifact.id],
    ["status", artifact.status],
    ["run", artifact.run_id],
    ["size", bytes(artifact.size)],
    ["sha256", artifact.sha256],
    ["made", artifact.created_at],
    ["made by", artifact.created_by.name],
    ["expires", artifact.expires_at],
    ["fetched", artifact.fetches],
    ["last fetched", artifact.fetched_at],
  ]);
}

const revoke: Command = {
  summary: "Revokes the links to a file: they open nothing from then on, and the file is removed",
  args: [ARTIFACT],
  run: async (app, { words: [id = ""] }) => {
    const artifact = await (await app.runtime()).artifacts.revoke(id);
    if (app.out.json) return app.out.value(artifact);
    app.out.note(`Links to "${artifact.name}" open nothing any more`);
  },
};

/** Files that Waybill keeps for whoever has a link. */
export const artifact: Noun = { verbs: { list, show, revoke } };
