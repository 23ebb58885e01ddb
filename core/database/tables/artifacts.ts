/**
 * Files that Waybill keeps for somebody to fetch.
 *
 * @module
 */

/** A file that signed links open. */
export interface ArtifactsTable {
  account_id: number;
  /** 32 hex digits: its file's name in the account's folder of artifacts. */
  id: string;
  /** What is in it: `rejects`, the rejected rows of a run; `export`, what a run exported. */
  kind: "rejects" | "export";
  /** The run that it is of. */
  run_id: string | null;
  /** What whoever fetches it gets it as. */
  name: string;
  media_type: string;
  /** Bytes; null while it is being written: no link opens it, and no list shows it. */
  size: number | null;
  /** SHA-256 of its bytes, hex. */
  sha256: string | null;
  created_at: number;
  /** From when on no link opens it: a whole second. */
  expires_at: number;
  /** When its file was removed, or was to be. */
  ended_at: number | null;
  ended_because: "expired" | "revoked" | "erased" | "replaced" | null;
  /** Downloads that were begun, and when the last one was. */
  fetches: number;
  fetched_at: number | null;
  /** Who made it, as the audit log has them. */
  maker_kind: "token" | "apikey" | "user" | "system" | "link";
  maker_id: string | null;
  maker_name: string;
}
