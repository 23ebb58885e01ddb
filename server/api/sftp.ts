/**
 * `/api/sftp`: Waybill's own SFTP server, its accounts, sessions and log.
 *
 * @module
 */
import { z } from "zod";
import type {
  ManagedAccountView,
  ManagedLogView,
  ManagedServerView,
  ManagedSessionView,
} from "../../core/engine/managed/views.ts";
import { one, page } from "../answers.ts";
import { defineRoute, type Route } from "../route.ts";
import { pageCursor, pageLimit } from "./inputs.ts";

const time = z.iso.datetime();

const managedServer: z.ZodType<ManagedServerView> = z.object({
  addresses: z.array(z.object({ host: z.string(), port: z.int() })).readonly()
    .describe("Each process that serves it, the one that was started last first; empty while none does"),
  host_keys: z.array(z.object({
    type: z.string().describe("The algorithm"),
    fingerprint: z.string().describe("As `ssh-keygen -l` shows it"),
    public_key: z.string().describe("For `known_hosts`"),
  })).readonly(),
}).meta({ id: "SftpServer" });

const managedAccount: z.ZodType<ManagedAccountView> = z.object({
  username: z.string(),
  auth_id: z.string().nullable().describe("Null once the auth is gone, while files are still there"),
  auth_label: z.string().nullable(),
  password: z.boolean().describe("Whether a password opens it"),
  keys: z.int().min(0).describe("Public keys that open it"),
  require_both: z.boolean(),
  bytes: z.int().min(0).describe("Of its files, and of uploads that have not ended"),
  files: z.int().min(0),
  unfinished: z.int().min(0).describe("Uploads that broke off, and can be gone on with"),
  quota_bytes: z.int().nullable(),
  sessions: z.int().min(0),
}).meta({ id: "SftpAccount" });

const managedSession: z.ZodType<ManagedSessionView> = z.object({
  id: z.string(),
  username: z.string(),
  address: z.string().describe("IP address"),
  client: z.string().describe("What the client calls itself"),
  started_at: time,
  seen_at: time.describe("When the last request came, give or take some seconds"),
  received: z.int().min(0).describe("Bytes over the network"),
  sent: z.int().min(0),
}).meta({ id: "SftpSession" });

const logLine: z.ZodType<ManagedLogView> = z.object({
  at: time,
  username: z.string(),
  address: z.string(),
  session_id: z.string().nullable(),
  action: z.enum([
    "login",
    "refused",
    "logout",
    "upload",
    "download",
    "remove",
    "rename",
    "make_folder",
    "remove_folder",
  ]),
  path: z.string().nullable(),
  target: z.string().nullable().describe("Where it was renamed to"),
  bytes: z.int().nullable(),
  reason: z.string().nullable().describe("Why a login was refused, or a session ended; how somebody logged in"),
}).meta({ id: "SftpLogLine" });

const username = { id: "Username of the account" };

/** The routes of the managed SFTP server. */
export const sftpRoutes: readonly Route[] = [
  defineRoute({
    method: "get",
    path: "/api/sftp",
    name: "getSftpServer",
    capability: "sftp.read",
    tag: "sftp",
    summary: "Show where the SFTP server is, and its host keys",
    answer: one(managedServer),
    handle: ({ engine }) => engine.sftp.show(),
  }),
  defineRoute({
    method: "get",
    path: "/api/sftp/account",
    name: "listSftpAccounts",
    capability: "sftp.read",
    tag: "sftp",
    summary: "List the accounts on the SFTP server",
    description:
      "An auth of the method `managed-sftp` makes one. Those that are closed and still hold files are among " +
      "them.",
    answer: one(z.array(managedAccount), "The accounts"),
    handle: ({ engine }) => engine.sftp.accounts(),
  }),
  defineRoute({
    method: "get",
    path: "/api/sftp/account/{id}",
    name: "getSftpAccount",
    capability: "sftp.read",
    tag: "sftp",
    summary: "Show an account on the SFTP server",
    params: username,
    answer: one(managedAccount),
    handle: ({ engine, params }) => engine.sftp.account(params.id),
  }),
  defineRoute({
    method: "delete",
    path: "/api/sftp/account/{id}/files",
    name: "purgeSftpAccount",
    capability: "auth.write",
    tag: "sftp",
    summary: "Remove the files of a closed account",
    description: "Without it they go 90 days after their upload.",
    params: username,
    failures: [409],
    answer: one(z.object({ files: z.int().min(0), bytes: z.int().min(0) }), "What was removed"),
    handle: ({ engine, params }) => engine.sftp.purge(params.id),
  }),
  defineRoute({
    method: "delete",
    path: "/api/sftp/account/{id}/session",
    name: "endSftpSessions",
    capability: "auth.write",
    tag: "sftp",
    summary: "End the sessions of a user",
    description: "They end within a second; uploads under way can be gone on with after a new login.",
    params: username,
    query: z.strictObject({ session: z.string().exactOptional().describe("Id of the only one to end") }),
    answer: one(z.object({ ended: z.int().min(1) }), "How many end"),
    handle: ({ engine, params, query }) => engine.sftp.kick(params.id, query.session),
  }),
  defineRoute({
    method: "get",
    path: "/api/sftp/session",
    name: "listSftpSessions",
    capability: "sftp.read",
    tag: "sftp",
    summary: "List who is logged in to the SFTP server",
    answer: one(z.array(managedSession), "The sessions"),
    handle: ({ engine }) => engine.sftp.sessions(),
  }),
  defineRoute({
    method: "get",
    path: "/api/sftp/log",
    name: "listSftpLog",
    capability: "sftp.read",
    tag: "sftp",
    summary: "List logins and transfers, newest first",
    description: "They are kept for 90 days.",
    query: z.strictObject({
      username: z.string().exactOptional().describe("Only those of this account"),
      cursor: pageCursor.exactOptional(),
      limit: pageLimit.exactOptional(),
    }),
    answer: page(logLine),
    handle: ({ engine, query }) => engine.sftp.log(query),
  }),
];
