/**
 * Cron expressions: croner says which civil times one means, the zone says when those are.
 *
 * @module
 */
import { Cron } from "croner";

/** What is wrong with a cron expression, in words that follow a semicolon; undefined when nothing is. */
export function cronProblem(expression: string): string | undefined {
  if (expression.trim().split(/\s+/).length !== 5) return "it has not five fields";
  try {
    const next = read(expression).nextRun(new Date(0));
    return next === null ? "it means no time that ever comes" : undefined;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return `it cannot be read (${message.replace(/^CronPattern: /, "").replace(/\.$/, "")})`;
  }
}

/**
 * The first instant after another that an expression means in a zone; undefined when there is none any more.
 *
 * Between two clock changes the offset stays, and croner's own answer in UTC is moved by it. Where hours are named, a
 * time that a change skips is as much later as the change is wide, and one that comes twice is its first; where every
 * hour, or every so many, is meant, what is skipped is left out and what comes twice is meant twice, so that the steps
 * stay even.
 */
export function nextCron(expression: string, zone: string, after: number): number | undefined {
  const cron = read(expression);
  const everyHour = expression.trim().split(/\s+/)[1]?.startsWith("*") === true;
  let from = after;
  // What a change skipped may be due after it, so a stretch is entered from a day before its beginning at least.
  let stretch = stretchAt(after, zone);
  for (let changes = 0; changes < MOST_CHANGES; changes++) {
    const found = firstIn(cron, stretch, from, everyHour);
    if (found !== undefined) return found;
    if (stretch.until === undefined) return undefined;
    from = Math.max(after, stretch.until - 1);
    stretch = stretchAt(stretch.until, zone);
  }
  return undefined;
}

/** Clock changes that are passed in search of a time: a leap day may take eight years to come. */
const MOST_CHANGES = 120;

/** A time between two clock changes. */
interface Stretch {
  /** Milliseconds that the zone's clock is ahead of UTC. */
  readonly offset: number;
  /** The clock change it begins with, and the offset before. */
  readonly change: { readonly at: number; readonly before: number } | undefined;
  readonly until: number | undefined;
}

function stretchAt(instant: number, zone: string): Stretch {
  const at = Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(zone);
  // The change before the next millisecond is one that happens now, too.
  const change = at.add({ milliseconds: 1 }).getTimeZoneTransition("previous");
  return {
    offset: offsetOf(at),
    change: change === null ? undefined : {
      at: change.epochMilliseconds,
      before: offsetOf(change.subtract({ milliseconds: 1 })),
    },
    until: at.getTimeZoneTransition("next")?.epochMilliseconds,
  };
}

function offsetOf(time: Temporal.ZonedDateTime): number {
  return time.offsetNanoseconds / 1_000_000;
}

/** The first time of a stretch that lies after `from`. */
function firstIn(cron: Cron, { offset, change, until }: Stretch, from: number, everyHour: boolean): number | undefined {
  const found: number[] = [];
  const begin = change?.at ?? -Infinity;
  let own = nextCivil(cron, Math.max(from, begin - 1) + offset);
  if (change !== undefined && !everyHour) {
    // Skipped times, by the clock as it was before: they are due as much later as the change is wide.
    const skipped = nextCivil(cron, Math.max(from, change.at - 1) + change.before);
    if (skipped !== undefined && skipped < change.at + offset) found.push(skipped - change.before);
    // Times that come again.
    while (own !== undefined && own < change.at + change.before) own = nextCivil(cron, own);
  }
  if (own !== undefined) found.push(own - offset);
  const first = Math.min(...found);
  return first < (until ?? Infinity) ? first : undefined;
}

/** The next civil time of an expression, as if it were one of UTC. */
function nextCivil(cron: Cron, after: number): number | undefined {
  return cron.nextRun(new Date(after))?.getTime();
}

function read(expression: string): Cron {
  return new Cron(expression.trim(), { mode: "5-part", timezone: "Etc/UTC", paused: true });
}
