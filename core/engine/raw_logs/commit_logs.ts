/**
 * Commits groups of batches: members into the archive, their lengths and the batches' keys into one transaction.
 *
 * @module
 */
import type { Transaction } from "kysely";
import type { Database, Executor } from "../../database/database.ts";
import type { Tables } from "../../database/tables.ts";
import { type Archive, placeMember } from "../../profiles/archive.ts";
import { lockAccount } from "../generations.ts";
import { newId } from "../ids.ts";
import { appName, type AppRef, type Batch, type HourMembers, type Prepared } from "./batch.ts";
import { joined } from "./joined.ts";
import { completeAt, dayOf, digitsOf } from "./hours.ts";

/** Thrown by a commit of what was prepared under what holds no more. Nothing of it was committed. */
export class Outdated extends Error {
  override readonly name = "Outdated";
}

/** A file that this process appends to. */
interface OpenFile {
  readonly id: number;
  readonly path: string;
  readonly length: number;
  readonly events: number;
  readonly epoch: number;
  readonly hour: number;
}

/** A file as it is to be, and what is appended to it. */
interface Grown {
  /** Names its app and hour. */
  readonly name: string;
  readonly file: OpenFile;
  readonly bytes: Uint8Array;
}

/** Files that are brought to the disk at the same time. */
const AT_A_TIME = 16;

/** The folder of an account's raw logs, in the archive. */
export function logFolder(account: number): string {
  return `${account}/logs`;
}

/** The epoch that a file was begun in, which its name tells. */
export function epochIn(name: string): number {
  return Number(/^\d\d-e(\d+)-/.exec(name)?.[1] ?? -1);
}

/** The app's row, locked to the end of the transaction: who reads an hour, or erases, waits for who adds to it. */
export async function lockApp(
  transaction: Executor,
  kind: Database["kind"],
  { account, app }: AppRef,
): Promise<{ readonly name: string; readonly log_epoch: number } | undefined> {
  return await transaction.selectFrom("apps").select(["name", "log_epoch"]).where("account_id", "=", account)
    .where("id", "=", app).$if(kind === "postgres", (query) => query.forUpdate()).executeTakeFirst();
}

/** Appends to the archive. Each has files of its own. */
export class LogCommits {
  readonly #writer = newId();
  #files = new Map<string, OpenFile>();
  #begun = 0;

  constructor(
    private readonly database: Database,
    private readonly archive: Archive,
    private readonly clock: () => Promise<number>,
  ) {}

  /** Resolves when the group is on the disk, and is found there. Throws {@linkcode Outdated}. */
  async commit(prepared: Prepared): Promise<void> {
    const files = this.#files;
    // What was appended and is not known to be noted is not gone on with: another file is begun.
    this.#files = new Map();
    const grown = await this.database.write(async (transaction) => {
      const now = await this.#checkStates(transaction, prepared);
      for (const [batch, answer] of prepared.answers) {
        if (batch.key !== undefined) await this.#noteKey(transaction, batch, { ...answer, created_at: now });
      }
      // Locked in one order, behind the apps: new files take the account's next ids.
      const begins = prepared.hours.filter((hour) => this.#open(files, hour, prepared) === undefined);
      const accounts = new Set(begins.map(({ account }) => account));
      for (const account of [...accounts].sort((a, b) => a - b)) await lockAccount(transaction, account);
      const grown: Grown[] = [];
      for (const hour of prepared.hours) {
        const epoch = prepared.states.get(appName(hour))!.epoch;
        grown.push(await this.#note(transaction, hour, this.#open(files, hour, prepared), epoch));
      }
      await this.#append(grown);
      return { grown, now };
    }, { beside: true });
    this.#files = new Map(
      [...files, ...grown.grown.map(({ name, file }) => [name, file] as const)].filter(([, { hour }]) =>
        completeAt(hour) > grown.now
      ),
    );
  }

  /** Locks the apps, in one order, and sees to it that what was prepared holds. */
  async #checkStates(transaction: Transaction<Tables>, { states, hours }: Prepared): Promise<number> {
    for (const [, state] of [...states].sort(([a], [b]) => a < b ? -1 : 1)) {
      const app = await lockApp(transaction, this.database.kind, state);
      if (app?.log_epoch !== state.epoch) throw new Outdated();
    }
    // Looked at behind the locks: whoever reads an hour as complete comes before or after all this.
    const now = await this.clock();
    if (hours.some(({ hour }) => completeAt(hour) <= now)) throw new Outdated();
    return now;
  }

  async #noteKey(
    transaction: Transaction<Tables>,
    { account, key }: Batch,
    answer: { accepted: number; late: number; refused: number; created_at: number },
  ): Promise<void> {
    const { numInsertedOrUpdatedRows } = await transaction.insertInto("log_batches")
      .values({ account_id: account, key_hash: key!.hash, digest: key!.digest, ...answer })
      .onConflict((conflict) => conflict.doNothing()).executeTakeFirst();
    if (numInsertedOrUpdatedRows === 0n) throw new Outdated();
  }

  #open(files: ReadonlyMap<string, OpenFile>, hour: HourMembers, { states }: Prepared): OpenFile | undefined {
    const file = files.get(nameOf(hour));
    return file?.epoch === states.get(appName(hour))!.epoch ? file : undefined;
  }

  /** Notes what a file grows to, and begins it where there is none. */
  async #note(
    transaction: Transaction<Tables>,
    place: HourMembers,
    open: OpenFile | undefined,
    epoch: number,
  ): Promise<Grown> {
    const { account, app, hour, members } = place;
    const file = open ?? await this.#begin(transaction, { account, app }, hour, epoch);
    let { events } = file;
    for (const member of members) {
      placeMember(member.bytes, events);
      events += member.events;
    }
    const bytes = joined(members.map(({ bytes }) => bytes)), length = file.length + bytes.length;
    if (open !== undefined) {
      await transaction.updateTable("segments").set({ length, events }).where("account_id", "=", account)
        .where("id", "=", file.id).execute();
    } else {
      await transaction.insertInto("segments").values({
        account_id: account,
        id: file.id,
        kind: "logs",
        owner: app,
        hour,
        writer: this.#writer,
        path: file.path,
        length,
        events,
      }).execute();
    }
    return { name: nameOf(place), file: { ...file, length, events }, bytes };
  }

  /** Appends to files, some at a time; none is written to any more when it resolves or throws. */
  async #append(grown: readonly Grown[]): Promise<void> {
    for (let first = 0; first < grown.length; first += AT_A_TIME) {
      const ends = await Promise.allSettled(
        grown.slice(first, first + AT_A_TIME)
          .map(({ file, bytes }) => this.archive.append(file.path, file.length - bytes.length, bytes)),
      );
      for (const end of ends) if (end.status === "rejected") throw end.reason;
    }
  }

  async #begin(
    transaction: Transaction<Tables>,
    { account, app }: AppRef,
    hour: number,
    epoch: number,
  ): Promise<OpenFile> {
    const { last } = await transaction.selectFrom("segments").select((select) => select.fn.max("id").as("last"))
      .where("account_id", "=", account).executeTakeFirstOrThrow();
    const name = `${digitsOf(hour)}-e${epoch}-${this.#writer}-${++this.#begun}.jsonl.gz`;
    const path = `${logFolder(account)}/${app}/${dayOf(hour)}/${name}`;
    return { id: (last ?? 0) + 1, path, length: 0, events: 0, epoch, hour };
  }
}

function nameOf({ hour, ...app }: HourMembers): string {
  return `${appName(app)}/${hour}`;
}
