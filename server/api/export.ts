/**
 * `/api/export`: what all exports have in common.
 *
 * @module
 */
import { z } from "zod";
import type { ExportKey } from "../../core/engine/runtime.ts";
import { one } from "../answers.ts";
import { defineRoute, type Route } from "../route.ts";

const key: z.ZodType<ExportKey> = z.object({
  algorithm: z.literal("Ed25519"),
  public_key: z.string().describe("32 bytes in base64"),
}).meta({ id: "ExportKey" });

/** The routes of exports. */
export const exportRoutes: readonly Route[] = [
  defineRoute({
    method: "get",
    path: "/api/export/key",
    name: "getExportKey",
    capability: "export.read",
    tag: "export",
    summary: "The public key that manifests of exports are signed for",
    description: "`waybill export verify FILE --public-key KEY` compares a file with its manifest.",
    answer: one(key, "The key"),
    handle: ({ engine }) => engine.exports.key(),
  }),
];
