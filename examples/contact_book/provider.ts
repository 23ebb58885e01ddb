/**
 * The provider `contact-book` and its auth method: a base URL and an API key.
 *
 * @module
 */
import {
  type AuthDefinition,
  type CheckResult,
  defineAuth,
  defineProvider,
  Failure,
  type FieldMeta,
  type ProviderDefinition,
} from "@waybill/waybill";
import { z } from "zod";
import { Api } from "./api.ts";

/** What the auth method is configured with. */
export type ContactBookKeyConfig = z.ZodObject<{ base_url: z.ZodString; api_key: z.ZodString }>;

/** What a job gets. */
export interface ContactBookConnection {
  /** The service, asked with the auth's key. */
  readonly api: Api;
}

const config: ContactBookKeyConfig = z.object({
  base_url: z.string().refine(isBaseUrl, {
    message: "must be an https address without user, query or fragment (http only on this machine)",
  }).meta(
    {
      title: "Base URL",
      help: "Address that the service's paths start from.",
      placeholder: "https://contacts.example.com/api",
    } satisfies FieldMeta,
  ),
  api_key: z.string().regex(/^[\x21-\x7e]+$/, "must be printable ASCII without spaces").meta(
    { title: "API key", help: "Key that the service gave you.", secret: true } satisfies FieldMeta,
  ),
});

/** An API key of Contact Book. */
export const contactBookKey: AuthDefinition<ContactBookKeyConfig, ContactBookConnection> = defineAuth({
  id: "contact-book-key",
  title: "Contact Book API key",
  summary: "Asks Contact Book with an API key.",
  config,
  connect: async ({ config, log }) => ({
    api: new Api({ baseUrl: config.base_url, apiKey: config.api_key, log }),
    // Each request stands for itself: there is nothing to close.
    [Symbol.asyncDispose]: async () => {},
  }),
  check: async function* ({ api }, { config, signal }) {
    const { host } = new URL(config.base_url);
    yield await tried("key", async () => `"${host}" knows it as the key of "${await api.account(signal)}"`);
    yield await tried("collections", async () => `${(await api.collections(signal)).length} can be read`);
  },
});

/** The service. */
export const contactBook: ProviderDefinition = defineProvider({
  id: "contact-book",
  title: "Contact Book",
  summary: "Contacts that lie in Contact Book.",
  auths: [contactBookKey],
});

async function tried(name: string, look: () => Promise<string>): Promise<CheckResult> {
  try {
    return { name, ok: true, detail: await look() };
  } catch (error) {
    if (!(error instanceof Failure) || error.kind === "cancelled") throw error;
    const { message: detail, hint } = error;
    return { name, ok: false, detail, ...(hint === undefined ? {} : { hint }) };
  }
}

/** The key goes to this address with every request: in the open only where it does not leave the machine. */
function isBaseUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") return false;
  return url.protocol === "https:" ||
    (url.protocol === "http:" && /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname));
}
