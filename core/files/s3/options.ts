/**
 * What an S3 store is opened with.
 *
 * @module
 */
import type { AddressPolicy } from "../../contracts/auth.ts";

/** Where a bucket is, and who reads and writes it. */
export interface S3Options {
  /** `https://s3.eu-central-1.amazonaws.com`, or that of any other service that speaks S3; `http` as well. */
  readonly endpoint: string;
  /** Region that requests are signed for; `us-east-1` unless told. */
  readonly region?: string;
  /** Name of the bucket. */
  readonly bucket: string;
  /** Folder in the bucket that is the store's root; the whole bucket unless told. */
  readonly folder?: string;
  /** Who signs. */
  readonly accessKeyId: string;
  /** What it is signed with. */
  readonly secretAccessKey: string;
  /** Whether the bucket stands in the path, instead of before the endpoint's name; true unless told. */
  readonly pathStyle?: boolean;
  /** Which addresses may be dialled; loopback and private ones too unless told. Link-local and metadata never are. */
  readonly addresses?: AddressPolicy;
  /** For an answer, and for progress while a body is read, in milliseconds; 30,000 unless told. */
  readonly timeout?: number;
  /** Ends everything the store does. */
  readonly signal?: AbortSignal;
}
