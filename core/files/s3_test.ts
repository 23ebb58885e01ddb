import assert from "node:assert/strict";
import { createServer, type ServerResponse } from "node:http";
import { Failure, type FailureKind } from "../contracts/failure.ts";
import { fileStoreSuite } from "../testing/file_store_suite.ts";
import { openS3Store } from "./s3.ts";
import { readText, S3Client } from "./s3/client.ts";
import type { S3Options } from "./s3/options.ts";
import { startS3 } from "./s3/s3_testing.ts";
import { EMPTY_HASH, signed } from "./s3/sign.ts";

fileStoreSuite("S3", async () => {
  const server = await startS3();
  const client = new S3Client(server.options);
  const store = openS3Store({ ...server.options, folder: "in/box" });
  return {
    store,
    put: async (path, bytes) => {
      const answer = await client.ask({ method: "PUT", key: `in/box/${path}`, body: bytes, what: path });
      await readText(answer.body);
    },
    [Symbol.asyncDispose]: async () => {
      client[Symbol.dispose]();
      await store.close();
      await server[Symbol.asyncDispose]();
    },
  };
  // The server puts up to 25 bytes after the name of the file in which it keeps an object.
}, { longestName: 220, folders: false });

/** Runs `work`, which must throw a Failure of this kind. */
async function fails(kind: FailureKind, said: RegExp, work: () => Promise<unknown>): Promise<void> {
  await assert.rejects(work, (error: unknown) => {
    assert.ok(error instanceof Failure && error.hint, String(error));
    assert.equal(error.kind, kind, error.message);
    assert.match(error.message, said);
    return true;
  });
}

Deno.test("S3 tells a wrong key from a bucket that is not there, and dials no address that it may not", async () => {
  await using server = await startS3();
  const list = async (change: Partial<S3Options>) => {
    const store = openS3Store({ ...server.options, ...change });
    try {
      return await store.list("");
    } finally {
      await store.close();
    }
  };
  assert.deepEqual(await list({}), { entries: [] });
  await fails("auth", /refuses the access key: InvalidAccessKeyId/, () => list({ accessKeyId: "nobody" }));
  await fails("config", /^Bucket "missing" does not exist$/, () => list({ bucket: "missing" }));
  await fails("config", /loopback address/, () => list({ addresses: { allowPrivate: false } }));
  await fails("config", /metadata address/, () => list({ endpoint: "http://169.254.169.254" }));
});

const KEYS = { accessKeyId: "a", secretAccessKey: "b", bucket: "c" };

/** A server that answers every request in one way. */
async function serve(
  reply: (answer: ServerResponse) => void,
): Promise<{ readonly endpoint: string } & AsyncDisposable> {
  const server = createServer((_, answer) => reply(answer));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    endpoint: `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

Deno.test("a request that S3 cannot serve for now is sent again, and told as passing where that does not help", async () => {
  let refusals = 2;
  let refusal: readonly [status: number, code: string] = [503, "SlowDown"];
  let asked = 0;
  await using server = await serve((answer) => {
    asked++;
    if (refusals-- > 0) answer.writeHead(refusal[0]).end(`<Error><Code>${refusal[1]}</Code></Error>`);
    else answer.end("<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>");
  });
  const store = openS3Store({ endpoint: server.endpoint, ...KEYS });
  assert.deepEqual(await store.list(""), { entries: [] });
  assert.equal(asked, 3);
  refusals = 10;
  await fails("transient", /for now: SlowDown$/, () => store.list(""));
  asked = 0;
  refusal = [403, "SignatureDoesNotMatch"];
  await fails("auth", /^S3 refuses the access key: SignatureDoesNotMatch$/, () => store.list(""));
  refusal = [403, "AccessDenied"];
  await fails("auth", /^S3 denies access to folder "": AccessDenied$/, () => store.list(""));
  refusal = [301, "PermanentRedirect"];
  await fails("config", /in another region, or at another endpoint/, () => store.list(""));
  assert.equal(asked, 3);
  await store.close();
});

Deno.test("S3 gives up a listing that comes to no end", async () => {
  const names = Array.from(
    { length: 1_000 },
    (_, index) => `<Contents><Key>${index}${"x".repeat(1_000)}</Key></Contents>`,
  );
  const more = "<IsTruncated>true</IsTruncated><NextContinuationToken>more</NextContinuationToken>";
  const page = `<ListBucketResult>${more}${names.join("")}</ListBucketResult>`;
  await using server = await serve((answer) => answer.end(page));
  const store = openS3Store({ endpoint: server.endpoint, ...KEYS });
  await fails("config", /lists more than 100,000,000 characters of names in folder ""$/, () => store.list(""));
  await store.close();
});

Deno.test("a signature is the one of Amazon's example", () => {
  // "Example: GET Object" of the Signature Version 4 documentation.
  const headers = signed(
    {
      method: "GET",
      path: "/test.txt",
      query: {},
      headers: { host: "examplebucket.s3.amazonaws.com", range: "bytes=0-9" },
      bodyHash: EMPTY_HASH,
    },
    {
      region: "us-east-1",
      accessKeyId: "AKIAIOSFODNN7EXAMPLE",
      secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    },
    Temporal.Instant.from("2013-05-24T00:00:00Z"),
  );
  assert.match(
    headers["authorization"] ?? "",
    /Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41$/,
  );
});
