/**
 * Where a Waybill works: a data directory, and the database that belongs to it.
 *
 * @module
 */

import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import { type PostgresServer, requirePostgres, startPostgres } from "@waybill/waybill/testing";
import type { Database } from "../../core/database/database.ts";
import { openDatabase } from "../../core/database/open.ts";
import { homeOf } from "../../core/engine/home.ts";

/** A data directory by its path alone, whose database is SQLite; or with the URL of its PostgreSQL database. */
export type Place = string | { readonly home: string; readonly url: string };

/** The path of a place's data directory. */
export function homePath(place: Place): string {
  return typeof place === "string" ? place : place.home;
}

/** What `WAYBILL_DATABASE_URL` is for the processes of a place: empty where its database is SQLite. */
export function databaseUrl(place: Place): string {
  return typeof place === "string" ? "" : place.url;
}

/** Opens a place's database, as an onlooker: on PostgreSQL under a name of its own. */
export async function openPlace(place: Place): Promise<Database> {
  const url = databaseUrl(place);
  return await openDatabase({
    path: homeOf(homePath(place)).database.path,
    url: url === "" ? undefined : `${url}?application_name=${ONLOOKER}`,
  });
}

/** The name of an onlooker's connections (`pg_stat_activity.application_name`). */
export const ONLOOKER = "waybill-tests";

/** Makes places on one kind of database. */
export interface Places extends AsyncDisposable {
  /** A data directory that is not there yet, and an empty database. */
  make(home: string): Promise<Place>;
  /** Copies a place that no process has open, its database included; what `home` held goes. */
  copy(from: Place, home: string): Promise<Place>;
}

/** A kind of database to test on. */
export interface DatabaseKind {
  /** As people call it. */
  readonly name: "SQLite" | "PostgreSQL";
  /** Whether it is installed. */
  readonly present: boolean;
  /** Starts what it takes. */
  start(): Promise<Places>;
}

/** Both kinds. */
export const DATABASE_KINDS: readonly DatabaseKind[] = [
  { name: "SQLite", present: true, start: () => Promise.resolve(sqlitePlaces) },
  { name: "PostgreSQL", present: requirePostgres(), start: startPostgresPlaces },
];

/** Places on SQLite. */
export const sqlitePlaces: Places = {
  make: (home) => Promise.resolve(home),
  async copy(from, home) {
    await copyFolder(homePath(from), home);
    return home;
  },
  [Symbol.asyncDispose]: () => Promise.resolve(),
};

async function startPostgresPlaces(): Promise<Places> {
  const server = await startPostgres();
  return { ...placesOn(server), [Symbol.asyncDispose]: () => server.stop() };
}

/** Places on a PostgreSQL server, which the caller stops. */
export function placesOn(server: PostgresServer): Places {
  const place = async (home: string) => ({ home, url: await server.createDatabase() });
  return {
    make: place,
    async copy(from, home) {
      await copyFolder(homePath(from), home);
      const copy = await place(home);
      const [source, target] = [databaseUrl(from), copy.url].map((url) => new URL(url).pathname.slice(1));
      await server.sql(`drop database ${target}`);
      await server.sql(`create database ${target} template ${source} owner ${server.user}`);
      return copy;
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function copyFolder(from: string, to: string): Promise<void> {
  await rm(to, { recursive: true, force: true });
  await cp(from, to, { recursive: true });
}

/** The path of a place's event archive. */
export function archivePath(place: Place): string {
  return join(homePath(place), "archive");
}
