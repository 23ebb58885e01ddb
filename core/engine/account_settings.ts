/**
 * What an account can set, declared once: flags, checks and answers derive from it.
 *
 * @module
 */
import { z } from "zod";
import type { FieldMeta } from "../contracts/config.ts";
import type { Identifier } from "../contracts/export_job.ts";
import { mailAddress } from "../contracts/mail.ts";
import type { JsonValue } from "../contracts/records.ts";
import type { Executor } from "../database/database.ts";
import { parseConfig } from "../describe/mod.ts";
import { may, requireCapability, type Scoped } from "./capabilities.ts";
import { isTimeZone } from "./schedule/civil.ts";
import { knownKeys } from "./stored_config.ts";

/** Names the field that exports take a type of identifiers from. */
function identifierField(identifier: Identifier, title: string) {
  return z.string().min(1).max(200).default(identifier).meta(
    {
      title: `${title} field`,
      help: `Profile field that exports of audiences by \`${identifier}\` take it from`,
    } satisfies FieldMeta,
  );
}

/** The field of profiles that holds a type of identifiers. */
export function fieldOf(settings: IdentifierFields, identifier: Identifier): string {
  return settings[`${identifier}_field`];
}

/** The settings that say it. */
export type IdentifierFields = Pick<AccountSettings, `${Identifier}_field`>;

/** The settings of an account. A new one needs no more than a line here. */
export const accountSettingsSchema = z.object({
  pii_fields: z.array(z.string().min(1)).default([]).meta(
    {
      title: "PII fields",
      help: "Profile fields that only the scopes admin, data_manager and general_manager see",
    } satisfies FieldMeta,
  ),
  suppress_erased: z.enum(["off", "forever"]).default("off").meta(
    {
      title: "Suppress erased",
      help: "Whether data for erased identities is refused for ever, not just until the erasure is done",
    } satisfies FieldMeta,
  ),
  notify_email: z.array(mailAddress()).default([]).meta(
    {
      title: "Notify email",
      help: "Where mail goes when a continuous job fails, pauses, or gets nothing new in time",
    } satisfies FieldMeta,
  ),
  notify_webhook: z.string().max(2000).refine(
    (text) => text === "" || /^https?:\/\/[^/]/.test(text) && URL.canParse(text),
    "must be an address that starts with https:// or http://",
  ).default("").meta(
    {
      title: "Notify webhook",
      help: "Address that is told the same by POST, as JSON",
      placeholder: "https://example.com/waybill",
    } satisfies FieldMeta,
  ),
  idfa_field: identifierField("idfa", "IDFA"),
  gaid_field: identifierField("gaid", "GAID"),
  email_field: identifierField("email", "Email"),
  customer_id_field: identifierField("customer_id", "Customer id"),
  exported_audiences: z.int().min(1).max(20).default(5).meta(
    {
      title: "Exported audiences",
      help: "Most audiences whose exports the bulk APIs may fetch: 5, or 20 on the larger plan",
    } satisfies FieldMeta,
  ),
  export_time: z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time of day from "00:00" to "23:59"')
    .default("08:00").meta(
      {
        title: "Export time",
        help: "When the exports that the bulk APIs may fetch are made anew each day (HH:mm)",
      } satisfies FieldMeta,
    ),
  export_timezone: z.string().refine(isTimeZone, "must be the name of a time zone, such as Europe/Berlin")
    .default("America/New_York").meta(
      { title: "Export timezone", help: "Time zone of that time of day, by its IANA name" } satisfies FieldMeta,
    ),
});

/** The settings of an account, as they are. */
export type AccountSettings = Readonly<z.output<typeof accountSettingsSchema>>;

/** Settings by their column's text: each request reads its account's, and parsing takes as long as the look-up. */
const parsed = new Map<string, AccountSettings>();

/** Texts that are kept; most accounts have the same few. */
const KEPT = 1_000;

/** Settings out of their column: what is stored, over the defaults. Not to be changed. */
export function readSettings(stored: string): AccountSettings {
  const known = parsed.get(stored);
  if (known !== undefined) return known;
  const settings = parseConfig(accountSettingsSchema, knownSettings(stored), "an account");
  if (parsed.size >= KEPT) parsed.clear();
  parsed.set(stored, settings);
  return settings;
}

/** The settings that were changed; one that no Waybill has any more is left out. */
export function knownSettings(stored: string): { readonly [key: string]: JsonValue } {
  return knownKeys(accountSettingsSchema, JSON.parse(stored)).config;
}

/** An account's settings as a transaction sees them: for what must not act on those of a moment ago. */
export async function settingsOf(executor: Executor, accountId: number): Promise<AccountSettings> {
  const { settings } = await executor.selectFrom("accounts").select("settings").where("id", "=", accountId)
    .executeTakeFirstOrThrow();
  return readSettings(settings);
}

/**
 * Which fields of profiles somebody may see: gives a test for a field's name. Whoever may not see a field gets neither
 * its values nor its identities, in whatever form: profile, list, export, example, error.
 */
export function visibleFields(who: Scoped, settings: Pick<AccountSettings, "pii_fields">): (field: string) => boolean {
  if (settings.pii_fields.length === 0 || may(who, "pii.read")) return () => true;
  // `m.x` may be a field of that name, or a member of the field `m`: then that is hidden as a whole.
  const hidden = new Set(settings.pii_fields.flatMap((name) => wholes(name)));
  return (field) => !hidden.has(field);
}

/** A name, and what it may be a member of: `a.b.c`, `a.b`, `a`. */
function wholes(name: string): string[] {
  const parts = name.split(".");
  return parts.map((_, index) => parts.slice(0, parts.length - index).join("."));
}

/** Refuses (`forbidden`) what would tell of a field that somebody may not see: a look-up or a filter by it. */
export function requireVisible(who: Scoped, settings: Pick<AccountSettings, "pii_fields">, field: string): void {
  if (!visibleFields(who, settings)(field)) requireCapability(who, "pii.read");
}
