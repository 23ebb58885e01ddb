/**
 * `/api/artifact`: files that Waybill keeps for whoever has a link, and `/api/run/{id}/rejects/link`, which makes one.
 *
 * @module
 */
import { z } from "zod";
import { LINK_SECONDS } from "../../core/engine/artifacts/artifacts.ts";
import type { ArtifactLinkView, ArtifactView } from "../../core/engine/artifacts/views.ts";
import { made, nothing, one, page } from "../answers.ts";
import { defineRoute, type Route } from "../route.ts";
import { pageCursor, pageLimit } from "./inputs.ts";

const time = z.iso.datetime();

const fields = {
  id: z.string(),
  kind: z.enum(["rejects", "export"]).describe(
    "What is in it: `rejects`, the rejected rows of a run; `export`, what a run exported",
  ),
  status: z.enum(["ready", "expired", "revoked", "erased", "replaced"]).describe(
    "`ready` can be fetched; `erased`: an erasure removed it, since it may have held the erased; `replaced`: there is a " +
      "newer one in its place",
  ),
  run_id: z.string().nullable().describe("The run that it is of"),
  name: z.string().describe("What whoever fetches it gets it as"),
  media_type: z.string(),
  size: z.int().min(0).describe("Bytes"),
  sha256: z.string().describe("SHA-256 of its bytes, hex"),
  created_by: z.object({
    kind: z.enum(["token", "apikey", "user", "system", "link"]),
    id: z.string().nullable(),
    name: z.string(),
  }),
  created_at: time,
  expires_at: time.describe("From when on no link opens it"),
  ended_at: time.nullable().describe("When its file was removed"),
  fetches: z.int().min(0).describe("Downloads that were begun"),
  fetched_at: time.nullable(),
};

const artifact: z.ZodType<ArtifactView> = z.object(fields).meta({ id: "Artifact" });

const artifactLink: z.ZodType<ArtifactLinkView> = z.object({
  ...fields,
  url: z.url().describe("Opens the file without a token; it is not shown again"),
  notes: z.array(z.string()).readonly().describe("What to know before it is passed on"),
}).meta({ id: "ArtifactLink" });

const artifactParam = { id: "Id of the artifact" };

/** The routes of artifacts. */
export const artifactRoutes: readonly Route[] = [
  defineRoute({
    method: "post",
    path: "/api/run/{id}/rejects/link",
    name: "linkRejects",
    capability: "artifact.write",
    tag: "run",
    summary: "Make a link to the rejected rows of a run",
    description: "A file is made of the rows as they are now; whoever has the link can fetch it, without a token.",
    params: { id: "Id of the run" },
    body: z.strictObject({
      format: z.enum(["jsonl", "csv"]).exactOptional().describe(
        "`jsonl` (unless told): a JSON object a row, as the list has them; `csv`: the rows as they stood, with their " +
          "header, to mend and import again",
      ),
      expires_in: z.int().min(1).max(LINK_SECONDS.most).exactOptional().describe(
        `Seconds that it is good; ${LINK_SECONDS.default} unless told`,
      ),
    }),
    failures: [503],
    answer: made(201, artifactLink, ({ id }) => `/api/artifact/${id}`),
    handle: ({ engine, params, body, origin, signal }) =>
      engine.artifacts.linkRejects(params.id, { ...body, origin, signal }),
  }),
  defineRoute({
    method: "post",
    path: "/api/run/{id}/result",
    name: "linkResult",
    capability: "artifact.write",
    tag: "run",
    summary: "Make a link to the file that a run exported",
    description: "Of an export without an auth: its file is kept for 48 hours.",
    params: { id: "Id of the run" },
    answer: made(201, artifactLink, ({ id }) => `/api/artifact/${id}`),
    handle: ({ engine, params, origin }) => engine.artifacts.linkResult(params.id, { origin }),
  }),
  defineRoute({
    method: "get",
    path: "/api/artifact",
    name: "listArtifacts",
    capability: "artifact.read",
    tag: "artifact",
    summary: "List the files that links open, newest first",
    description: "Never a link: whoever made it was told. Those that have ended are listed for 30 days more.",
    query: z.strictObject({ cursor: pageCursor.exactOptional(), limit: pageLimit.exactOptional() }),
    failures: [404],
    answer: page(artifact),
    handle: ({ engine, query }) => engine.artifacts.list(query),
  }),
  defineRoute({
    method: "get",
    path: "/api/artifact/{id}",
    name: "getArtifact",
    capability: "artifact.read",
    tag: "artifact",
    summary: "Show a file that links open",
    params: artifactParam,
    answer: one(artifact),
    handle: ({ engine, params }) => engine.artifacts.get(params.id),
  }),
  defineRoute({
    method: "delete",
    path: "/api/artifact/{id}",
    name: "revokeArtifact",
    capability: "artifact.write",
    tag: "artifact",
    summary: "Revoke the links to a file",
    description: "They open nothing from then on, and the file is removed. A download that has begun goes on.",
    params: artifactParam,
    failures: [409],
    answer: nothing(),
    handle: async ({ engine, params }) => {
      await engine.artifacts.revoke(params.id);
    },
  }),
];
