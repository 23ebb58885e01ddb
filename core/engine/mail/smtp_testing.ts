/**
 * A real mail server on loopback, the certificate that it shows, and an independent reader of what it got.
 *
 * @module
 */
import { join } from "node:path";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";

/** A certificate for `localhost` and 127.0.0.1, by an authority that nobody knows. */
export interface TestCertificate extends AsyncDisposable {
  readonly key: string;
  readonly cert: string;
  /** Where both lie. */
  readonly keyPath: string;
  readonly certPath: string;
  /** Path of the authority's certificate: for `DENO_CERT`. */
  readonly authority: string;
}

/** Makes one. */
export async function makeCertificate(): Promise<TestCertificate> {
  const folder = await Deno.makeTempDir({ prefix: "waybill-tls-" });
  const path = (name: string) => join(folder, name);
  const made = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  await openssl(
    "req",
    "-x509",
    ...made,
    "-days",
    "2",
    "-subj",
    "/CN=Test authority",
    "-keyout",
    path("ca.key"),
    "-out",
    path("ca.pem"),
  );
  await openssl("req", ...made, "-subj", "/CN=localhost", "-keyout", path("key"), "-out", path("request"));
  await Deno.writeTextFile(path("names"), "subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\n");
  const signed = ["-CA", path("ca.pem"), "-CAkey", path("ca.key"), "-CAcreateserial", "-days", "2"];
  await openssl("x509", "-req", "-in", path("request"), ...signed, "-extfile", path("names"), "-out", path("cert"));
  return {
    key: await Deno.readTextFile(path("key")),
    cert: await Deno.readTextFile(path("cert")),
    keyPath: path("key"),
    certPath: path("cert"),
    authority: path("ca.pem"),
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

async function openssl(...args: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("/usr/bin/openssl", { args: [...args], stdout: "null" }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

/** A mail that a server got. */
export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  /** As it came, headers and all. */
  readonly raw: string;
  /** Whether it came over TLS. */
  readonly encrypted: boolean;
}

/** How a server behaves. */
export interface SmtpBehaviour {
  /** Speaks TLS: from the first byte, or after STARTTLS; in the open unless told. */
  readonly tls?: { readonly certificate: TestCertificate; readonly implicit: boolean };
  /** Who may log in; without it nobody needs to. */
  readonly login?: { readonly user: string; readonly password: string };
  /** What it answers instead of taking a thing: such as `550 No such user`. */
  readonly answer?: (to: "login" | "sender" | "recipient" | "mail", of: string) => string | undefined;
}

/** A running server. */
export interface TestSmtpServer extends AsyncDisposable {
  readonly port: number;
  /** What it got, in order. */
  readonly mails: readonly ReceivedMail[];
  /** Passwords that were sent to it. */
  readonly passwords: readonly string[];
  /** Connections that were made to it. */
  connections(): number;
}

/** Starts one. */
export async function startSmtp({ tls, login, answer = () => undefined }: SmtpBehaviour = {}): Promise<TestSmtpServer> {
  const mails: ReceivedMail[] = [];
  const passwords: string[] = [];
  let connections = 0;
  const refusal = (to: Parameters<typeof answer>[0], of: string): Error | undefined => {
    const words = answer(to, of);
    if (words === undefined) return undefined;
    return Object.assign(new Error(words.slice(4)), { responseCode: Number(words.slice(0, 3)) });
  };
  const options: SMTPServerOptions = {
    secure: tls?.implicit === true,
    ...(tls === undefined ? {} : { key: tls.certificate.key, cert: tls.certificate.cert }),
    disabledCommands: [...(tls === undefined ? ["STARTTLS"] : []), ...(login === undefined ? ["AUTH"] : [])],
    allowInsecureAuth: true,
    authOptional: login === undefined,
    onConnect: (_session, done) => {
      connections++;
      done();
    },
    onAuth: ({ username, password: given }, _session, done) => {
      const password = given ?? "";
      passwords.push(password);
      const refused = refusal("login", password);
      if (refused !== undefined) return done(refused);
      if (username === login?.user && password === login?.password) return done(null, { user: username });
      done(new Error(`Not with the password ${password}`));
    },
    onMailFrom: ({ address }, _session, done) => done(refusal("sender", address)),
    onRcptTo: ({ address }, _session, done) => done(refusal("recipient", address)),
    onData: (stream, { envelope, secure }, done) => {
      const parts: Uint8Array[] = [];
      stream.on("data", (part: Uint8Array) => parts.push(part));
      stream.on("end", () => {
        const refused = refusal("mail", "");
        if (refused !== undefined) return done(refused);
        mails.push({
          from: envelope.mailFrom === false ? "" : envelope.mailFrom.address,
          to: envelope.rcptTo.map(({ address }) => address),
          raw: new TextDecoder().decode(Uint8Array.from(parts.flatMap((part) => [...part]))),
          encrypted: secure,
        });
        done();
      });
    },
  };
  const server = new SMTPServer(options);
  // A client that goes away in the middle, or does not trust the certificate, is none of the server's business.
  server.on("error", () => {});
  const listening = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", () => listening.resolve());
  await listening.promise;
  const address = server.server.address();
  if (address === null || typeof address === "string") throw new Error("It does not listen on a port");
  return {
    port: address.port,
    mails,
    passwords,
    connections: () => connections,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

/** A mail as Python's `email` package reads it: nothing of ours, nor of what wrote it. */
export interface ReadMail {
  /** Each header's values, by its name in lower case, decoded. */
  readonly headers: { readonly [name: string]: readonly string[] };
  /** Addresses of To, decoded. */
  readonly to: readonly string[];
  /** Content of each part by its type. */
  readonly parts: { readonly [type: string]: string };
  /** What is wrong with it by the rules. */
  readonly defects: readonly string[];
}

const READER = `
import sys, json, email, email.policy
m = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)
headers = {}
for name, value in m.items(): headers.setdefault(name.lower(), []).append(str(value))
parts = [p for p in m.walk() if not p.is_multipart()]
print(json.dumps({
  "headers": headers,
  "to": [a.addr_spec for a in m["to"].addresses] if m["to"] else [],
  "parts": {p.get_content_type(): p.get_content().replace("\\r\\n", "\\n") for p in parts},
  "defects": [repr(d) for p in m.walk() for d in p.defects] + [repr(d) for v in m.values() for d in v.defects],
}))
`;

/** Reads a mail. */
export async function readMail(raw: string): Promise<ReadMail> {
  const child = new Deno.Command("/usr/bin/python3", {
    args: ["-c", READER],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(raw));
  await writer.close();
  const { success, stdout, stderr } = await child.output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** Sets variables for as long as its scope lasts. */
export function variables(set: Readonly<Record<string, string>>): Disposable {
  const before = Object.keys(set).map((name) => [name, Deno.env.get(name)] as const);
  for (const [name, value] of Object.entries(set)) Deno.env.set(name, value);
  return {
    [Symbol.dispose]: () => {
      for (const [name, value] of before) value === undefined ? Deno.env.delete(name) : Deno.env.set(name, value);
    },
  };
}
