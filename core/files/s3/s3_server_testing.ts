/**
 * The program of {@linkcode startS3}: a server of one bucket until its input ends. It looks through its whole environment,
 * which tests may not: hence a process of its own.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import crypto from "node:crypto";
import S3rver from "s3rver";

// Its tokens for further pages are encrypted with DES, which Deno does not have: another cipher does as well.
const { createCipheriv, createDecipheriv } = crypto;
const twice = (bytes: Uint8Array) => Buffer.concat([bytes, bytes]);
Object.assign(crypto, {
  createCipheriv: (_: string, key: Uint8Array, iv: Uint8Array) => createCipheriv("aes-128-cbc", twice(key), twice(iv)),
  createDecipheriv: (_: string, key: Uint8Array, iv: Uint8Array) =>
    createDecipheriv("aes-128-cbc", twice(key), twice(iv)),
});

const [directory = "", name = ""] = Deno.args;
const server = new S3rver({
  address: "127.0.0.1",
  port: 0,
  silent: true,
  directory,
  configureBuckets: [{ name, configs: [] }],
});
// It does not see folders that hold nothing but folders, as S3 does: so it lists all keys, and they are grouped here.
const { store } = server;
const listAll = store.listObjects.bind(store);
store.listObjects = async (
  bucket: string,
  { delimiter = "", prefix = "", maxKeys = Infinity, ...rest }: {
    readonly delimiter?: string;
    readonly prefix?: string;
    readonly maxKeys?: number;
  },
) => {
  const all: { readonly objects: readonly { readonly key: string }[] } = await listAll(bucket, { ...rest, prefix });
  const endOf = (key: string) => delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length);
  const objects = all.objects.filter(({ key }) => endOf(key) === -1);
  const folders = all.objects.filter(({ key }) => endOf(key) !== -1).map(({ key }) => key.slice(0, endOf(key) + 1));
  const isTruncated = objects.length > maxKeys;
  return { objects: objects.slice(0, maxKeys), commonPrefixes: [...new Set(folders)].sort(), isTruncated };
};
const { port } = await server.run();
console.log(port);
for await (const _ of Deno.stdin.readable);
await server.close();
Deno.exit(0);
