/**
 * The Worker of a further thread that answers HTTP.
 *
 * @module
 */
import { RemoteFirstThread } from "../core/engine/first_thread.ts";
import { createLog } from "../core/engine/log.ts";
import { openRuntime } from "../core/engine/open.ts";
import { createApp } from "./app.ts";
import type { HttpSaid, HttpStart } from "./http_threads.ts";
import { listen } from "./listen.ts";
import { flushAtTheEnd } from "./flush.ts";
import { notNow, readyUntil, tooLate } from "./serve.ts";
import { aborted } from "./stop_signal.ts";
import { serveThread, type ThreadService } from "./thread_service.ts";

serveThread(serve);

async function serve(
  { home, plugins, address, log: logOptions, patience, ...start }: HttpStart,
  { ready, say, signal }: ThreadService<null, HttpSaid>,
): Promise<void> {
  // The first thread writes them: each line comes out whole.
  const log = createLog({ ...logOptions, gathers: true, write: say });
  using _ = flushAtTheEnd(log);
  using first = new RemoteFirstThread(start.first);
  await using runtime = await openRuntime({ home, plugins, runner: "none", first, log });
  const stopping = new AbortController();
  const app = createApp(runtime, {
    log,
    stopping: stopping.signal,
    ready: () => readyUntil(signal, runtime),
  });
  let handle: (request: Request) => Response | Promise<Response> = app.fetch;
  const listener = listen(address, (request) => handle(request), "further");
  ready(null);
  await aborted(signal);
  handle = notNow(log, "The server is stopping");
  await listener.stop(() => stopping.abort(tooLate()), patience);
}
