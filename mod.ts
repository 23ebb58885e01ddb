/**
 * What a plugin author imports.
 *
 * @module
 */
export { defineAuth } from "./core/contracts/auth.ts";
export type {
  AddressPolicy,
  AuthContext,
  AuthDefinition,
  CheckResult,
  ConnectionOf,
  ListeningAddress,
  PeerIdentity,
} from "./core/contracts/auth.ts";
export { type ChangeScope, changesTarget } from "./core/contracts/changes.ts";
export type { ConfigOf, ConfigSchema, FieldMeta } from "./core/contracts/config.ts";
export { abortFailure, Failure, FAILURE_HANDLING, throwIfAborted } from "./core/contracts/failure.ts";
export type {
  FailureCode,
  FailureHandling,
  FailureJson,
  FailureKind,
  FailureOptions,
} from "./core/contracts/failure.ts";
export { type ImportFields, importFields, importTarget, nameList, rejectThreshold } from "./core/contracts/fields.ts";
export type {
  FileConnection,
  FileEntry,
  FilePage,
  FileStore,
  ListOptions,
  OpenOptions,
  WriteOptions,
} from "./core/contracts/file_store.ts";
export type {
  CompareOptions,
  DiffCounts,
  Difference,
  DifferentRows,
  FileComparison,
  Snapshots,
} from "./core/contracts/snapshot.ts";
export type { FileFacts, FileLedger, FileState, ImportedFile } from "./core/contracts/ledger.ts";
export { defineExport, IDENTIFIERS } from "./core/contracts/export_job.ts";
export type {
  Delivered,
  ExportAudience,
  ExportContext,
  ExportHistory,
  ExportJobDefinition,
  ExportPlanContext,
  ExportReading,
  ExportSource,
  Identifier,
  PastExport,
  ProfileRows,
  PublishedFile,
  PublishedFileInput,
  Signature,
} from "./core/contracts/export_job.ts";
export { defineLogExport } from "./core/contracts/log_export_job.ts";
export type {
  LogApp,
  LogExportContext,
  LogExportJobDefinition,
  LogExportPlanContext,
  LogFile,
  LogHours,
  LogSource,
  LogSpan,
} from "./core/contracts/log_export_job.ts";
export { type Member, type MemberBatch, type MemberColumn, membersOf } from "./core/contracts/members.ts";
export { defineJob } from "./core/contracts/job.ts";
export type {
  Choice,
  ChoiceContext,
  Choices,
  ChoiceSource,
  Compared,
  ImportContext,
  ImportJobDefinition,
  ImportTarget,
  JobBasics,
  JobDefinition,
  OnlyConfigured,
  Passed,
  Plan,
  PlanContext,
  Progress,
  RunCounts,
  ScheduleKind,
} from "./core/contracts/job.ts";
export type { ListTarget } from "./core/contracts/list_target.ts";
export type { Log } from "./core/contracts/log.ts";
export { mailAddress, mailAddressProblem } from "./core/contracts/mail.ts";
export type { Mail, Mailer, MailSender, MailServer, SentMail } from "./core/contracts/mail.ts";
export type { ManagedLogin } from "./core/contracts/managed.ts";
export { definePlugin, PLUGIN_API, type PluginDefinition } from "./core/contracts/plugin.ts";
export { defineProvider, type ProviderDefinition } from "./core/contracts/provider.ts";
export { isRecordBatch } from "./core/contracts/records.ts";
export type { ColumnIndex, JsonValue, RecordBatch, RejectedRow, Row, RowPlaces } from "./core/contracts/records.ts";
export type { Spool, SpoolFile } from "./core/contracts/spool.ts";
export type { UploadForm } from "./core/contracts/upload.ts";
export { nearest } from "./core/describe/nearest.ts";
