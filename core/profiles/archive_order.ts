/**
 * The members of several archive files in the order of their archive positions: the order in which they came in.
 *
 * @module
 */
import type { Archive } from "./archive.ts";
import { firstPosition, type Member, readMembers } from "./archive_members.ts";

/** An archive file, up to its durable length. */
export interface Segment {
  readonly id: number;
  readonly path: string;
  readonly length: number;
}

/** Where reading stands: plain data, to go on from later with the same segments. */
export interface OrderPosition {
  /** Members at positions below this one were read. */
  readonly next: number;
  /** Segments that were read in part: id → the byte to go on at. */
  readonly offsets: { readonly [segment: string]: number };
}

/** A file that is being read. */
interface Reader<S extends Segment> {
  readonly segment: S;
  readonly members: Generator<Member>;
  member: Member;
}

/** Reads members in order; few files are open at a time, those that were written at the same time. */
export class MembersInOrder<S extends Segment> {
  readonly #pending: { readonly segment: S; readonly offset: number; readonly first: number }[];
  readonly #open: Reader<S>[] = [];
  /** Whose member was given last: its next one is inflated when that is done with. */
  #given: Reader<S> | undefined;
  #next: number;

  /** Goes on from a position; from the start where none is given. */
  constructor(
    private readonly archive: Archive,
    segments: readonly S[],
    from: OrderPosition = { next: 0, offsets: {} },
  ) {
    this.#next = from.next;
    this.#pending = segments.filter(({ length }) => length > 0).flatMap((segment) => {
      const offset = from.offsets[segment.id];
      const first = firstPosition(archive, segment.path, segment.length, offset);
      return offset === undefined && first < from.next ? [] : [{ segment, offset: offset ?? 0, first }];
    }).sort((a, b) => a.first - b.first);
  }

  /** Where reading stands after the last member that was given. */
  get position(): OrderPosition {
    const offsets = this.#open.flatMap((reader) => {
      const { segment, member } = reader, offset = reader === this.#given ? member.end : member.offset;
      return offset < segment.length ? [[segment.id, offset]] : [];
    });
    return { next: this.#next, offsets: Object.fromEntries(offsets) };
  }

  /** The members left, each with its segment, for whoever takes them to keep. `position` is behind the last one given. */
  *[Symbol.iterator](): Generator<{ readonly segment: S; readonly member: Member }, void, undefined> {
    try {
      for (let reader = this.#first(); reader !== undefined; reader = this.#first()) {
        const { segment, member } = reader;
        this.#next = member.position + 1;
        this.#given = reader;
        yield { segment, member };
        this.#given = undefined;
        this.#advance(reader);
      }
    } finally {
      for (const { members } of this.#open) members.return(undefined);
    }
  }

  #first(): Reader<S> | undefined {
    const least = () => this.#open.toSorted((a, b) => a.member.position - b.member.position)[0];
    for (let first = least();; first = least()) {
      const next = this.#pending[0];
      if (next === undefined || (first !== undefined && first.member.position < next.first)) return first;
      this.#pending.shift();
      const members = readMembers(this.archive, next.segment.path, next.segment.length, next.offset);
      const { value } = members.next();
      if (value !== undefined) this.#open.push({ segment: next.segment, members, member: value });
    }
  }

  #advance(reader: Reader<S>): void {
    const { value } = reader.members.next();
    if (value === undefined) this.#open.splice(this.#open.indexOf(reader), 1);
    else reader.member = value;
  }
}
