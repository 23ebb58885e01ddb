/**
 * A second real mail server: aiosmtpd, which takes mail over STARTTLS from those who log in, and from nobody else.
 *
 * @module
 */
import type { ReceivedMail, TestCertificate } from "./smtp_testing.ts";

const PROGRAM = `
import asyncio, functools, json, ssl, sys
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

class Handler:
    async def handle_DATA(self, server, session, envelope):
        print(json.dumps({"from": envelope.mail_from, "to": envelope.rcpt_tos, "raw": envelope.content.decode(),
            "encrypted": session.ssl is not None}), flush=True)
        return "250 Taken"

def authenticate(server, session, envelope, mechanism, data):
    known = isinstance(data, LoginPassword) and (data.login, data.password) == (b"ops", sys.argv[3].encode())
    return AuthResult(success=known, handled=False)

async def main():
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(sys.argv[1], sys.argv[2])
    make = functools.partial(SMTP, Handler(), hostname="localhost", tls_context=context, require_starttls=True,
        authenticator=authenticate, auth_required=True)
    server = await asyncio.get_running_loop().create_server(make, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()

asyncio.run(main())
`;

/** A running server. */
export interface Aiosmtpd extends AsyncDisposable {
  readonly port: number;
  /** The next mail that it gets. */
  next(): Promise<ReceivedMail>;
}

/** Starts one that lets `ops` in with `password`. */
export async function startAiosmtpd(certificate: TestCertificate, password: string): Promise<Aiosmtpd> {
  const child = new Deno.Command("/usr/bin/python3", {
    args: ["-c", PROGRAM, certificate.certPath, certificate.keyPath, password],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  const line = async (): Promise<string> => {
    while (!rest.includes("\n")) {
      const { value, done } = await lines.read();
      if (done) throw new Error("aiosmtpd has ended");
      rest += value;
    }
    const [first = "", ...more] = rest.split("\n");
    rest = more.join("\n");
    return first;
  };
  return {
    port: Number(await line()),
    next: async () => JSON.parse(await line()),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await lines.cancel();
      await child.status;
    },
  };
}
