/**
 * The documented form of the ids of apps, API keys and their secrets: 23 hex digits, a dash, a UUID.
 *
 * @module
 */

/** A new one, which nobody can guess: 214 random bits. */
export function newBulkId(): string {
  const digits = crypto.getRandomValues(new Uint8Array(12)).toHex().slice(1);
  return `${digits}-${crypto.randomUUID()}`;
}

/** Whether a text has the form of one. */
export function isBulkId(text: string): boolean {
  return /^[0-9a-f]{23}-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);
}
