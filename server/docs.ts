/**
 * `/openapi.json` and `/docs`: the API described for programs and for people.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import type { Registry } from "../core/engine/registry.ts";
import { type Answer, document } from "./answers.ts";
import { docsPage } from "./docs_page.ts";
import { DOCS_STYLE } from "./docs_style.ts";
import { type OpenApiDocument, openApiDocument } from "./openapi.ts";
import { defineRoute, type Route } from "./route.ts";

const HTML = "text/html; charset=utf-8";

/** Allows the page's own style and nothing else: no scripts, no images, nothing from elsewhere. */
const PAGE_POLICY = `default-src 'none'; style-src 'sha256-${
  createHash("sha256").update(DOCS_STYLE).digest("base64")
}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/** The routes that describe `routes` and themselves. */
export function docsRoutes(routes: readonly Route[], registry: Registry): readonly Route[] {
  let described: OpenApiDocument | undefined;
  const describe = () => described ??= openApiDocument([...routes, ...own], registry);
  const own: readonly Route[] = [
    defineRoute({
      method: "get",
      path: "/openapi.json",
      name: "openapi",
      tag: "service",
      summary: "This API as an OpenAPI 3.1 document",
      capability: null,
      answer: document(z.record(z.string(), z.unknown()), "The document"),
      handle: describe,
    }),
    defineRoute({
      method: "get",
      path: "/docs",
      name: "docs",
      tag: "service",
      summary: "This API as a page to read",
      capability: null,
      answer: htmlPage(),
      handle: ({ origin }) => docsPage(describe(), origin),
    }),
  ];
  return own;
}

function htmlPage(): Answer<string> {
  return {
    status: 200,
    description: "The page",
    body: { type: "text/html", schema: z.string() },
    respond: (page) =>
      new Response(page, { headers: { "content-type": HTML, "content-security-policy": PAGE_POLICY } }),
  };
}
