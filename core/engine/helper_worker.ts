/**
 * The Worker beside a run's own. Each message of the run's thread says what to begin.
 *
 * @module
 */
import type { ToBeside } from "./beside.ts";
import { serveCommits } from "./commit_service.ts";
import { serveComparison } from "./comparison_service.ts";
import { serveReading } from "./exports/reading_service.ts";

const scope = self as unknown as {
  addEventListener(
    type: "message",
    listener: (event: MessageEvent<MessagePort>) => void,
    options: { readonly once: boolean },
  ): void;
};

// The one message to this scope brings the port by which the run's thread speaks to it.
scope.addEventListener("message", ({ data: helper }) => {
  helper.addEventListener("message", ({ data }: MessageEvent<ToBeside>) => begin(data));
  helper.start();
}, { once: true });

function begin({ start, port }: ToBeside): void {
  if (start.type === "members") serveReading(port, start);
  else if (start.type === "comparison") serveComparison(port, start);
  else serveCommits(port, start);
  port.start();
}
