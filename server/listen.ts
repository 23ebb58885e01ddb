/**
 * Listening: binding the port, and letting go of it without cutting anybody off.
 *
 * @module
 */
import { Failure } from "../core/contracts/failure.ts";

/** Where to listen. */
export interface Address {
  readonly host: string;
  /** 0 = any free one. */
  readonly port: number;
}

/** How threads of this process share an address: one listens `first`, then come the `further` ones. */
export type Sharing = "first" | "further";

/** A listening server. */
export interface Listener {
  /** Where it can be reached: `http://127.0.0.1:8080`. */
  readonly url: string;
  /** The same, as it was had: the port is not 0. */
  readonly address: Address;
  /**
   * Takes no more connections, once the bodies that are coming have come, and resolves when every request in flight is
   * answered: until then `handle` refuses what is new. `giveUp` is called once they took `patience` milliseconds; those
   * that do not end even then are left to the end of the process.
   */
  stop(giveUp: () => void, patience?: number): Promise<void>;
}

/** Milliseconds that requests in flight get to finish, and after they were told to give up. */
const PATIENCE = 20_000;
const LAST_PATIENCE = 1_000;

/** Listens, alone unless told; Failure `config` when the address cannot be had. */
export function listen(
  { host, port }: Address,
  handle: (request: Request) => Response | Promise<Response>,
  sharing?: Sharing,
): Listener {
  const receiving = new Set<Promise<void>>();
  /** Knows whose bodies may still be coming. */
  const received = (request: Request) => {
    if (request.method === "GET" || request.method === "HEAD") return handle(request);
    const answer = Promise.resolve(handle(request));
    const done = answer.then(() => {}, () => {}).finally(() => receiving.delete(done));
    receiving.add(done);
    return answer;
  };
  const server = bind({ host, port }, () => {
    // An address that is shared can be had by every process of this user: only a look without sharing tells.
    if (sharing === "first" && port !== 0) Deno.listen({ hostname: host, port }).close();
    const shared = sharing !== undefined && { reusePort: true };
    return Deno.serve({ hostname: host, port, ...shared, onListen: () => {} }, received);
  });
  return {
    url: `http://${urlHost(server.addr.hostname)}:${server.addr.port}`,
    address: { host, port: server.addr.port },
    async stop(giveUp, patience = PATIENCE) {
      let ending: Promise<void> | undefined;
      const shutdown = () => ending ??= server.shutdown();
      // A shutdown cuts off the bodies that are coming (Deno 2.9, denoland/deno#36809): they come first.
      const ended = Promise.all(receiving).then(shutdown);
      // `Deno.serve`'s own signal throws when it is aborted during a shutdown (Deno 2.9), so time is kept here.
      if (await endsWithin(ended, patience)) return;
      giveUp();
      if (!await endsWithin(ended, LAST_PATIENCE)) shutdown().catch(() => {});
    },
  };
}

/**
 * Failure `config` where an address cannot be shared: Deno 2.9 ends the process, without an error to be caught, unless it
 * runs with `--unstable-net`; and only Linux hands connections to all that listen.
 */
export function requireSharing(): void {
  if (Deno.build.os !== "linux") {
    throw new Failure("config", `Several threads cannot answer HTTP on ${Deno.build.os}: only Linux shares a port`, {
      hint: "Leave --threads out, and start several servers with ports of their own behind a proxy",
    });
  }
  // It is there with that flag only.
  if (!("listenDatagram" in Deno)) {
    throw new Failure("config", "Several threads cannot answer HTTP: Deno does not let them share a port", {
      hint: "Start it with `deno task serve`, or with Deno's flag --unstable-net",
    });
  }
}

async function endsWithin(work: Promise<void>, milliseconds: number): Promise<boolean> {
  const late = Promise.withResolvers<false>();
  const timer = setTimeout(() => late.resolve(false), milliseconds);
  try {
    return await Promise.race([work.then(() => true as const), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function bind<T>({ host, port }: Address, listen: () => T): T {
  try {
    return listen();
  } catch (error) {
    throw unavailable(host, port, error);
  }
}

function unavailable(host: string, port: number, error: unknown): Failure {
  const at = `"${urlHost(host)}:${port}"`;
  if (error instanceof Deno.errors.AddrInUse) {
    return new Failure("config", `Port ${port} is in use: the server cannot listen on ${at}`, {
      hint: "Stop what listens there, or choose another with --port",
      code: "conflict",
      cause: error,
    });
  }
  if (error instanceof Deno.errors.NotCapable) {
    return new Failure("config", `Deno may not listen on ${at}`, { hint: "Grant --allow-net for it", cause: error });
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return new Failure("config", `The system does not let this user listen on ${at}`, {
      hint: "Choose a port above 1023 with --port",
      cause: error,
    });
  }
  // What is left is an address of another machine or a name that nobody knows (a plain Error in Deno 2.9).
  return new Failure("config", `The server cannot listen on ${at}: it is no address of this machine`, {
    hint: "Give one with --host",
    cause: error,
  });
}

function urlHost(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
