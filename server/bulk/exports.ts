/**
 * Exports of audiences and profiles: listed, and fetched by the number of their source.
 *
 * @module
 */
import { z } from "zod";
import type { Engine } from "../../core/engine/runtime.ts";
import type { FetchedView, FetchInput } from "../../core/engine/exports/fetch_exports.ts";
import { RequestFailure } from "../errors.ts";
import type { Route } from "../route.ts";
import { bare, redirect } from "./answers.ts";
import { bulkRoute } from "./bulk_route.ts";

const listed: z.ZodType<FetchedView> = z.object({
  id: z.int().describe("Id of the export"),
  name: z.string().describe("Name of the audience or profile table"),
  source_type: z.enum(["audiences", "profile"]),
  source_id: z.string().describe("Number of the audience or profile table, as it stands in paths"),
  job_type: z.string().describe("Identifier type, or `profile`, or `profile_changes`"),
  last_requested_at: z.iso.datetime().exactOptional().describe("Absent until somebody asks for the results"),
  results_generated_at: z.iso.datetime().exactOptional().describe("Absent while there are no results"),
  results_count: z.int().describe("Rows of the results; 0 while there are none"),
  results_expire_at: z.iso.datetime().describe("From when on the export is gone, unless somebody asks for it"),
}).meta({ id: "FetchedExport" });

const list = z.array(listed);

const link = redirect("The way to the results: a signed link, good for 48 hours");

const MADE_DAILY =
  "Results are made anew each day. Before the first are there, a request has them made, and is answered " +
  "404 with `Retry-After`. An export that nobody asks for in 45 days is disabled.";

/** The routes of exports of audiences and profiles. */
export const exportRoutes: readonly Route[] = [
  bulkRoute({
    method: "get",
    path: "/v1/exports/audiences",
    name: "listAudienceExports",
    bucket: "audience-export",
    summary: "List the audiences that can be fetched",
    answer: bare(list, "The exports of audiences that are enabled"),
    handle: ({ engine }) => engine.fetchedExports.list("audience-export"),
  }),
  bulkRoute({
    method: "get",
    path: "/v1/exports/audiences/{audience_id}/{identifier_type}",
    name: "exportAudience",
    bucket: "audience-export",
    summary: "Fetch the members of an audience by an identifier",
    description: `JSON lines, an identifier each: \`{"IDFA":"…"}\`. ${MADE_DAILY}`,
    params: {
      audience_id: "Number of the audience",
      identifier_type: "`idfa`, `gaid`, `email` or `customer_id`",
    },
    answer: link,
    handle: ({ engine, params: { audience_id: source_id, identifier_type: variant }, origin, head }) =>
      fetch(engine, { type: "audience-export", source_id, variant, origin, head }),
  }),
  bulkRoute({
    method: "get",
    path: "/v1/exports/profiles",
    name: "listProfileExports",
    bucket: "profile-export",
    summary: "List the sets of profiles that can be fetched",
    answer: bare(list, "The exports of profiles that are enabled"),
    handle: ({ engine }) => engine.fetchedExports.list("profile-export"),
  }),
  bulkRoute({
    method: "get",
    path: "/v1/exports/profiles/{profiledb_id}/{job_type}",
    name: "exportProfiles",
    bucket: "profile-export",
    summary: "Fetch profiles, or what changed since the last request",
    description: `JSON lines, a profile each, or a change. ${MADE_DAILY}`,
    params: { profiledb_id: "Number of the profile table", job_type: "`profile` or `profile_changes`" },
    answer: link,
    handle: ({ engine, params: { profiledb_id: source_id, job_type: variant }, origin, head }) =>
      fetch(engine, { type: "profile-export", source_id, variant, origin, head }),
  }),
];

async function fetch({ fetchedExports }: Pick<Engine, "fetchedExports">, input: FetchInput): Promise<string> {
  const fetched = await fetchedExports.fetch(input);
  if ("url" in fetched) return fetched.url;
  const seconds = String(fetched.retryAfter);
  const [message, hint] = fetched.failed
    ? [
      "The results could not be made",
      `See why with \`waybill export list\`; they are tried again: ask in ${seconds} s`,
    ]
    : ["There are no results yet: they are being made", `Try again in ${seconds} s`];
  throw new RequestFailure(404, message, {
    hint,
    headers: { "retry-after": seconds },
  });
}
