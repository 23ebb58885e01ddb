/**
 * Looks up identities one at a time, again and again, as the entity API does.
 *
 * @module
 */
import type { Executor } from "../database/database.ts";
import { findIdentity, type RunRow } from "./identity_index.ts";
import { RunMarks } from "./identity_marks.ts";
import { placeOf, prefixAt, unpackBlock } from "./identity_run.ts";
import type { ProfileScope, ProfileStatements } from "./statements.ts";

/** Most keys whose marks are kept: 64 MiB. Blocks beyond them are read at each look-up that may need them. */
const MOST_KEYS = 11_184_810;

/** A run, and what is known of it. */
interface KnownRun extends RunRow {
  marks: RunMarks | undefined;
}

/** The look-ups of one generation of a profile table. */
export class IdentityFinder {
  /**
   * A run's number is given to it only, and its keys are those that it was made with; where some were removed, the count
   * has changed. So what is known of a run by both holds as long as it is there.
   */
  #runs: readonly KnownRun[] = [];
  #given: readonly RunRow[] = [];
  #kept = 0;

  constructor(
    private readonly statements: Pick<ProfileStatements, "loadBlock">,
    private readonly scope: ProfileScope,
  ) {}

  /**
   * The profile that a key names as far as memory tells; 0 where there is none, or where it takes a look at the index.
   * Now and then it is another key's profile: whoever sees that asks again, saying how many were `wrong` so far.
   */
  recall(runs: readonly RunRow[], prefix: number, wrong = 0): number {
    let left = wrong;
    for (const { count, marks } of this.#known(runs)) {
      if (count === 0) continue;
      if (marks === undefined) return 0;
      const block = marks.blockOf(prefix);
      for (let alike = 0;; alike++) {
        const profile = marks.likely(block, prefix, alike);
        if (profile === undefined) return 0;
        if (profile === 0) break;
        if (left-- === 0) return profile;
      }
    }
    return 0;
  }

  /** The profile that a key names, or 0. `runs` are those that there were when the look-up began, or later. */
  async find(executor: Executor, runs: readonly RunRow[], key: bigint): Promise<number> {
    const words = new Uint32Array(BigUint64Array.of(key).buffer), prefix = prefixAt(words, 0);
    for (const run of this.#known(runs)) {
      if (run.count === 0) continue;
      const marks = run.marks ??= await this.#read(executor, run);
      const block = marks?.blockOf(prefix) ?? 0;
      if (marks?.mayHold(block, prefix) === false) continue;
      const entries = marks && await this.statements.loadBlock(executor, this.scope, run.run, marks.firsts[block]!);
      // The run was merged or changed since: one statement sees all of them as they are now.
      if (marks === undefined || entries === undefined) return await findIdentity(executor, this.scope, key);
      const identities = unpackBlock(entries), count = identities.profiles.length;
      if (!marks.knows(block) && this.#kept + count <= MOST_KEYS) {
        marks.learn(block, identities);
        this.#kept += count;
      }
      const place = placeOf(identities, words);
      if (place !== undefined) return identities.profiles[place]!;
    }
    return 0;
  }

  /** The runs with what is known of them; those that are no more are forgotten. */
  #known(runs: readonly RunRow[]): readonly KnownRun[] {
    if (runs !== this.#given) {
      this.#runs = runs.map(({ run, count }) => {
        const known = this.#runs.find((known) => known.run === run && known.count === count);
        return known ?? { run, count, marks: undefined };
      });
      this.#kept = this.#runs.reduce((sum, { marks }) => sum + (marks?.kept ?? 0), 0);
      this.#given = runs;
    }
    return this.#runs;
  }

  /** Reads where the blocks of a run begin; undefined where it is gone. */
  async #read(executor: Executor, { run }: RunRow): Promise<RunMarks | undefined> {
    const rows = await executor.selectFrom("identity_blocks").select("first")
      .where("account_id", "=", this.scope.account).where("table_id", "=", this.scope.table)
      .where("run", "=", run).orderBy("first").execute();
    return rows.length === 0 ? undefined : new RunMarks(Float64Array.from(rows, ({ first }) => first));
  }
}
