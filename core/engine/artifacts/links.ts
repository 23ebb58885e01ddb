/**
 * Links: made for an artifact, and opened by whoever has one.
 *
 * @module
 */
import type { ArtifactsTable } from "../../database/tables.ts";
import { audit } from "../audit.ts";
import { ArtifactFiles, type ArtifactPlace } from "./artifact_files.ts";
import type { ArtifactCore, FinishedArtifact } from "./make_artifact.ts";
import { isSigned, type LinkClaims, linkPath } from "./signature.ts";

/** Requests within this time of a download's first one belong to it: parts of it, and tries to go on. Milliseconds. */
const ONE_DOWNLOAD = 60_000;

/** What came with a request: a link's claims and its signature, as they stand there. */
export type LinkRequest = Omit<LinkClaims, "expires"> & {
  readonly expires?: string | undefined;
  readonly signature?: string | undefined;
};

/** A file that a link opened. */
export interface LinkedFile {
  readonly name: string;
  readonly mediaType: string;
  /** Bytes. */
  readonly size: number;
  /** Hex digits that are others when its bytes are. */
  readonly version: string;
  /** Gives `length` bytes from `first` on, and writes down that it was fetched; undefined where it is gone by now. */
  read(first: number, length: number): Promise<ReadableStream<Uint8Array> | undefined>;
}

/** Opens what a signed link names at a time: `account` is a public id. */
export type OpenOther = (account: string, name: string, now: number) => Promise<LinkedFile | undefined> | undefined;

/** The links of a data directory. */
export class Links {
  #key: Promise<Uint8Array> | undefined;

  /** `openOther` opens what is no artifact, by the name that a link has in its place; undefined where nothing is called so. */
  constructor(
    private readonly core: ArtifactCore,
    private readonly clock: () => Promise<number>,
    private readonly openOther: OpenOther = () => undefined,
  ) {}

  /**
   * Path and query of a link to an artifact, good until the artifact expires, or until `until` where that is earlier.
   * `account` is the account's public id.
   */
  async path(
    account: string,
    { id, name, expires_at }: Pick<FinishedArtifact, "id" | "name" | "expires_at">,
    until = expires_at,
  ): Promise<string> {
    const expires = Math.ceil(Math.min(until, expires_at) / 1_000);
    const claims = { account, artifact: id, name, expires: String(expires) };
    return linkPath(await this.#linkKey(), claims);
  }

  /**
   * Opens a link. Undefined for one that was altered, has expired or was revoked, whichever it is: what was not signed
   * here is not even looked up.
   */
  async open({ account, artifact, name, expires = "", signature = "" }: LinkRequest): Promise<LinkedFile | undefined> {
    if (!isSigned(await this.#linkKey(), { account, artifact, name, expires }, signature)) return undefined;
    const now = await this.clock();
    if (now >= Number(expires) * 1_000) return undefined;
    const { database: { kysely }, home } = this.core;
    const other = this.openOther(account, artifact, now);
    if (other !== undefined) return await other;
    const row = await kysely.selectFrom("artifacts").innerJoin("accounts", "accounts.id", "artifacts.account_id")
      .selectAll("artifacts").where("accounts.public_id", "=", account).where("artifacts.id", "=", artifact)
      .where("ended_at", "is", null).where("expires_at", ">", now).executeTakeFirst();
    if (row === undefined || row.size === null || row.sha256 === null) return undefined;
    const { size, sha256, media_type: mediaType } = row;
    const files = new ArtifactFiles(home.artifactsDir);
    const place = { account: row.account_id, id: row.id };
    // One that does not lie there as it was written, after a restore perhaps, is none.
    if (await files.size(place) !== size) return undefined;
    return {
      name,
      mediaType,
      size,
      version: sha256,
      read: (first, length) => this.#read(files, place, row, first, length),
    };
  }

  async #read(
    files: ArtifactFiles,
    place: ArtifactPlace,
    row: ArtifactsTable,
    first: number,
    length: number,
  ): Promise<ReadableStream<Uint8Array> | undefined> {
    const content = await files.read(place, first, length);
    if (content === undefined) return undefined;
    try {
      await this.#writeDown(row);
      return content;
    } catch (error) {
      await content.cancel();
      throw error;
    }
  }

  /** Counts a download and writes it down, before its first byte goes out. */
  async #writeDown(
    { account_id, id, name, fetched_at, maker_kind, maker_id, maker_name }: ArtifactsTable,
  ): Promise<void> {
    const { database } = this.core;
    const now = await this.clock();
    if (fetched_at !== null && fetched_at > now - ONE_DOWNLOAD) return;
    await database.write(async (transaction) => {
      const { numUpdatedRows } = await transaction.updateTable("artifacts")
        .set(({ eb }) => ({ fetches: eb("fetches", "+", 1), fetched_at: now }))
        .where("account_id", "=", account_id).where("id", "=", id)
        .where((where) => where.or([where("fetched_at", "is", null), where("fetched_at", "<=", now - ONE_DOWNLOAD)]))
        .executeTakeFirst();
      if (numUpdatedRows === 0n) return;
      const actor = { kind: "link", id, name: `link of ${maker_name}`, scopes: [] } as const;
      const detail = { made_by: { kind: maker_kind, id: maker_id, name: maker_name } };
      const entry = { action: "download", kind: "artifact", id, label: name, detail } as const;
      await audit(transaction, { database, accountId: account_id, actor }, entry);
    });
  }

  #linkKey(): Promise<Uint8Array> {
    return this.#key ??= this.core.vault.linkKey().catch((error) => {
      this.#key = undefined;
      throw error;
    });
  }
}
