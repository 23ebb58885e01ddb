/**
 * What a plugin author gets to test with; only tests import it.
 *
 * @module
 */
export { collectLog, type LogLine } from "./collect_log.ts";
export { type FilePeer, fileStoreSuite, type FileStoreSuiteOptions } from "./file_store_suite.ts";
export type { SilentConnection } from "./contract_tests.ts";
export { exportContract, type ExportContractOptions, type TestDestination } from "./export_contract.ts";
export { type ExportOptions, planExport } from "./export_reading.ts";
export { jobContract, type JobContractOptions } from "./job_contract.ts";
export type { TestMembers } from "./member_batches.ts";
export {
  type OpenSshOptions,
  type OpenSshServer,
  requireOpenSsh,
  requirePasswordUsers,
  startOpenSsh,
} from "./openssh.ts";
export { type MemoryLedger, memoryLedger } from "./memory_ledger.ts";
export { type MemorySnapshots, memorySnapshots } from "./memory_snapshots.ts";
export { requirePeer } from "./peer.ts";
export { type PostgresOptions, type PostgresServer, requirePostgres, startPostgres } from "./postgres.ts";
export { type CuttingProxy, startProxy } from "./proxy.ts";
export { batchRows } from "./record_batch.ts";
export { type Commit, type JobResult, runJob, type RunJobOptions } from "./run_job.ts";
export {
  type ExportCommit,
  type ExportResult,
  type KeptFile,
  runExport,
  type RunExportOptions,
  type SignedBytes,
} from "./run_export.ts";
