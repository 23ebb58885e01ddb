/**
 * What Contact Book answers with, checked before it is used.
 *
 * @module
 */
import type { JsonValue } from "@waybill/waybill";
import { z } from "zod";

/** Whom an API key belongs to: `GET /account`. */
export const account: z.ZodObject<{ name: z.ZodString }> = z.object({ name: z.string() });

/** A set of contacts. */
export interface Collection {
  /** What `/collections/ID/contacts` takes. */
  readonly id: string;
  /** Name for people. */
  readonly title: string;
  /** How many contacts it holds. */
  readonly size: number;
}

/** `GET /collections`: all of them. */
export const collections: z.ZodType<{ readonly collections: readonly Collection[] }> = z.object({
  collections: z.array(z.object({ id: z.string().min(1), title: z.string(), size: z.int().min(0) })),
});

/** `GET /collections/ID/contacts?cursor=…`: some contacts, and where the next ones start. */
export interface Page {
  /** The contacts as they came; one that is no object is the importer's to reject. */
  readonly contacts: readonly JsonValue[];
  /** Cursor of the next page; null after the last. */
  readonly next: string | null;
}

/** The schema of a {@linkcode Page}. */
export const page: z.ZodType<Page> = z.object({ contacts: z.array(z.json()), next: z.string().min(1).nullable() });
