/**
 * The Worker beside a run's own. The first message of the run's thread says what it is for.
 *
 * @module
 */
import type { CommitStart } from "./commit_protocol.ts";
import { serveCommits } from "./commit_service.ts";
import type { ReadingStart } from "./exports/reading_protocol.ts";
import { serveReading } from "./exports/reading_service.ts";

const scope = self as unknown as {
  addEventListener(
    type: "message",
    listener: (event: MessageEvent<MessagePort>) => void,
    options: { readonly once: boolean },
  ): void;
};

// The one message to this scope brings the port by which the run's thread speaks to it.
scope.addEventListener("message", ({ data: port }) => {
  port.addEventListener("message", ({ data }: MessageEvent<CommitStart | ReadingStart>) => {
    if (data.type === "members") serveReading(port, data);
    else serveCommits(port, data);
  }, { once: true });
  port.start();
}, { once: true });
