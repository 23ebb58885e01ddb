/**
 * The provider `http-endpoint` and its auth method: an address and a token.
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
import { Endpoint } from "./endpoint.ts";

/** What the auth method is configured with. */
export type HttpEndpointTokenConfig = z.ZodObject<{ url: z.ZodString; token: z.ZodString }>;

/** What a job gets. */
export interface HttpEndpointConnection {
  /** Takes what is posted. */
  readonly endpoint: Endpoint;
}

const config: HttpEndpointTokenConfig = z.object({
  url: z.string().refine(isEndpoint, {
    message: "must be an https address without user and fragment (http only on this machine)",
  }).meta(
    {
      title: "URL",
      help: "Address that members are posted to.",
      placeholder: "https://crm.example.com/members",
    } satisfies FieldMeta,
  ),
  token: z.string().regex(/^[\x21-\x7e]+$/, "must be printable ASCII without spaces").meta(
    {
      title: "Token",
      help: "Token that the endpoint takes as `Authorization: Bearer`.",
      secret: true,
    } satisfies FieldMeta,
  ),
});

/** A token of an HTTP endpoint. */
export const httpEndpointToken: AuthDefinition<HttpEndpointTokenConfig, HttpEndpointConnection> = defineAuth({
  id: "http-endpoint-token",
  title: "HTTP endpoint with a token",
  summary: "Posts to an HTTP endpoint with a token.",
  config,
  connect: async ({ config, log }) => ({
    endpoint: new Endpoint({ ...config, log }),
    // Each request stands for itself: there is nothing to close.
    [Symbol.asyncDispose]: async () => {},
  }),
  check: async function* ({ endpoint }, { signal }) {
    yield await looked(endpoint, signal);
  },
});

/** The endpoint. */
export const httpEndpoint: ProviderDefinition = defineProvider({
  id: "http-endpoint",
  title: "HTTP endpoint",
  summary: "Takes members as JSON.",
  auths: [httpEndpointToken],
});

async function looked(endpoint: Endpoint, signal: AbortSignal): Promise<CheckResult> {
  const name = "endpoint";
  try {
    return { name, ok: true, detail: `"${endpoint.host}" answers with status ${await endpoint.look(signal)}` };
  } catch (error) {
    if (!(error instanceof Failure) || error.kind === "cancelled") throw error;
    const { message: detail, hint } = error;
    return { name, ok: false, detail, ...(hint === undefined ? {} : { hint }) };
  }
}

/** Members and token go to this address: in the open only where it does not leave the machine. */
function isEndpoint(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || url.username !== "" || url.password !== "" || url.hash !== "") return false;
  return url.protocol === "https:" ||
    (url.protocol === "http:" && /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname));
}
