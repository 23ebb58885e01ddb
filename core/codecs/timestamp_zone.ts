/**
 * Turns wall times of one zone into instants, quickly, and tells those that are no single instant.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";

const DAY = 86_400_000;

/** A stretch of wall time in which the zone's offset is one and the same. */
interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly offset: number;
}

/** What a zone's clock does with a wall time that is no single instant: it never shows it, or shows it twice. */
export type ClockChange = "skipped" | "repeated";

/** Whether the clock of `zone` skips or repeats a wall time (as if it were UTC, in milliseconds since the epoch). */
export function clockChange(wall: number, zone: string): ClockChange | undefined {
  const plain = plainTime(wall);
  const earlier = plain.toZonedDateTime(zone, { disambiguation: "earlier" });
  const later = plain.toZonedDateTime(zone, { disambiguation: "later" });
  if (earlier.epochNanoseconds === later.epochNanoseconds) return undefined;
  return earlier.toPlainDateTime().equals(plain) ? "repeated" : "skipped";
}

function plainTime(wall: number): Temporal.PlainDateTime {
  return Temporal.Instant.fromEpochMilliseconds(wall).toZonedDateTimeISO("UTC").toPlainDateTime();
}

/**
 * A function from a wall time (as if it were UTC, in milliseconds since the epoch) to the instant it means in `zone`.
 *
 * Temporal decides; its answers are kept for the stretch between two changes of the zone's clock, less a day at each
 * end, so that a million times cost a few hundred questions.
 *
 * Throws a `Failure` of kind `config` for an unknown zone.
 */
export function zoneClock(zone: string): (wall: number) => number {
  try {
    new Temporal.ZonedDateTime(0n, zone);
  } catch (cause) {
    throw new Failure("config", `Time zone "${zone}" is not known`, {
      hint: "Use an IANA name such as UTC, Europe/Berlin or America/New_York",
      cause,
    });
  }
  if (zone === "UTC") return (wall) => wall;
  const stretches: Stretch[] = [];
  let last: Stretch = { from: 0, to: 0, offset: 0 };
  const covers = (wall: number) => (stretch: Stretch) => wall >= stretch.from && wall < stretch.to;
  return (wall) => {
    if (wall >= last.from && wall < last.to) return wall - last.offset;
    const known = stretches.find(covers(wall));
    if (known !== undefined) {
      last = known;
      return wall - known.offset;
    }
    // RFC 5545, section 3.3.5: a time that is skipped has the offset from before the gap, one that is repeated means
    // the first.
    const moment = plainTime(wall).toZonedDateTime(zone, { disambiguation: "compatible" });
    const offset = moment.offsetNanoseconds / 1e6;
    // A change at the moment itself counts as before it.
    const behind = moment.add({ nanoseconds: 1 });
    const stretch = {
      from: (behind.getTimeZoneTransition("previous")?.epochMilliseconds ?? -8.64e15) + DAY + offset,
      to: (moment.getTimeZoneTransition("next")?.epochMilliseconds ?? 8.64e15) - DAY + offset,
      offset,
    };
    if (covers(wall)(stretch)) {
      stretches.push(stretch);
      last = stretch;
    }
    return moment.epochMilliseconds;
  };
}
