/**
 * A real S3 server, for tests.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import type { S3Options } from "./options.ts";

/** A server with one bucket. Disposing of it ends it and removes its files. */
export interface S3Server extends AsyncDisposable {
  /** What a store of its bucket is opened with. */
  readonly options: S3Options;
}

/** Starts one. */
export async function startS3(bucket = "partner"): Promise<S3Server> {
  const directory = await Deno.makeTempDir({ prefix: "waybill-s3-" });
  const program = fileURLToPath(new URL("s3_server_testing.ts", import.meta.url));
  const process = new Deno.Command("deno", {
    args: ["run", "-A", "--no-check", "--quiet", program, directory, bucket],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const lines = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value = "" } = await lines.read();
  const port = parseInt(value);
  return {
    // The one key pair that it knows.
    options: { endpoint: `http://127.0.0.1:${port}`, bucket, accessKeyId: "S3RVER", secretAccessKey: "S3RVER" },
    [Symbol.asyncDispose]: async () => {
      await process.stdin.close();
      await process.status;
      await lines.cancel();
      await Deno.remove(directory, { recursive: true });
    },
  };
}
