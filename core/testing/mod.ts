/**
 * What a plugin author gets to test with; only tests import it.
 *
 * @module
 */
export { type FilePeer, fileStoreSuite } from "./file_store_suite.ts";
export {
  type OpenSshOptions,
  type OpenSshServer,
  requireOpenSsh,
  requirePasswordUsers,
  startOpenSsh,
} from "./openssh.ts";
export { requirePeer } from "./peer.ts";
export { type CuttingProxy, startProxy } from "./proxy.ts";
