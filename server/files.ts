/**
 * `/files`: what signed links open. Whoever has a link needs no token, and gets its file alone.
 *
 * @module
 */
import { z } from "zod";
import type { LinkedFile } from "../core/engine/artifacts/links.ts";
import type { Runtime } from "../core/engine/runtime.ts";
import type { Answer } from "./answers.ts";
import { RequestFailure } from "./errors.ts";
import { type Part, partOf } from "./ranges.ts";
import { defineRoute, type Route } from "./route.ts";

/** On every answer: nobody keeps the file or a word about it, nor changes its bytes on the way. */
const PRIVATE = { "cache-control": "private, no-store, no-transform", "referrer-policy": "no-referrer" };

/** A part of a file, and the headers that tell of it. */
interface Download {
  readonly status: 200 | 206 | 304;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: ReadableStream<Uint8Array> | null;
}

const download: Answer<Download> = {
  status: 200,
  description: "The file; 206 for the part that `Range` asks for, 304 where `If-None-Match` names it",
  body: { type: "application/octet-stream", schema: z.string().meta({ format: "binary" }) },
  respond: ({ body, ...init }) => new Response(body, init),
};

/** The route of files. */
export function fileRoutes(open: Runtime["openLink"]): readonly Route[] {
  return [
    defineRoute({
      method: "get",
      path: "/files/{account}/{artifact}/{name}",
      name: "fetchFile",
      tag: "artifact",
      capability: null,
      summary: "Fetch a file by its signed link",
      description: "Needs no token: the link, as it was given, is enough. One that was altered, has expired or was " +
        "revoked, and one that never was, are answered alike.",
      params: { account: "As the link has it", artifact: "As the link has it", name: "As the link has it" },
      // Mail programs and proxies add parameters of their own.
      query: z.looseObject({ expires: z.string().exactOptional(), signature: z.string().exactOptional() }),
      headers: {
        range: "One range of bytes: the rest of a download that was cut off",
        "if-range": "Entity tag that the file must have for `range` to be heeded",
        "if-match": "Entity tag that the file must have",
        "if-none-match": "Entity tag that the file must not have",
      },
      failures: [412, 416, 503],
      answer: download,
      handle: async ({ params, query: { expires, signature }, header, head }) => {
        const { account = "", artifact = "", name = "" } = params;
        const file = await open({ account, artifact, name, expires, signature });
        if (file === undefined) throw notGood();
        const etag = `"${file.version.slice(0, 32)}"`;
        const part = partOf({ size: file.size, etag }, {
          // Only GET has ranges.
          range: head ? undefined : header("range"),
          ifRange: header("if-range"),
          ifMatch: header("if-match"),
          ifNoneMatch: header("if-none-match"),
        });
        return await downloadOf(file, etag, part, head);
      },
    }),
  ];
}

async function downloadOf(file: LinkedFile, etag: string, part: Part, head: boolean): Promise<Download> {
  const common = { ...PRIVATE, etag, "accept-ranges": "bytes" };
  if (part.status === 304) return { status: 304, headers: common, body: null };
  if (part.status === 412) {
    throw new RequestFailure(412, "The file is not the one that the request expects", {
      hint: "Fetch it from its beginning",
      headers: common,
    });
  }
  if (part.status === 416) {
    throw new RequestFailure(416, `The file has ${file.size} bytes: there are none where the request asks for some`, {
      hint: "What was fetched before may be all of it",
      headers: { ...common, "content-range": `bytes */${file.size}` },
    });
  }
  const { status, first, length } = part;
  const body = head ? null : await file.read(first, length);
  if (body === undefined) throw notGood();
  return {
    status,
    headers: {
      ...common,
      "content-type": file.mediaType,
      "content-length": String(length),
      "content-disposition": attachment(file.name),
      ...(status === 206 ? { "content-range": `bytes ${first}-${first + length - 1}/${file.size}` } : {}),
    },
    body,
  };
}

/** The one answer to every link that is not good: whoever guesses learns nothing. */
function notGood(): RequestFailure {
  return new RequestFailure(404, "The link is not good, or not good any more", {
    hint: "Check that all of it was copied, or ask whoever gave it to you for another",
    headers: PRIVATE,
  });
}

/** RFC 6266: to be saved under `name`; a name for programs that know ASCII alone stands before it. */
export function attachment(name: string): string {
  const plain = name.replaceAll(/[^ !#$&+\-.0-9;=@A-Z^_`a-z{}~]/g, "_");
  if (plain === name) return `attachment; filename="${name}"`;
  const encoded = encodeURIComponent(name.toWellFormed()).replaceAll(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}
