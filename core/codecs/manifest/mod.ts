/**
 * Manifests of exported files: what they say, how they are signed and verified.
 *
 * @module
 */
export { canonicalJson } from "./canonical.ts";
export {
  type ExportManifest,
  MANIFEST_VERSION,
  manifestBytes,
  type ManifestContents,
  manifestName,
  parseManifest,
} from "./manifest.ts";
export { type ManifestCheck, verifyExport, type VerifyOptions } from "./verify.ts";
