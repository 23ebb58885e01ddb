/**
 * A look at a file's first rows, for plans and lists, which have only so much time.
 *
 * @module
 */
import type { Plan } from "@waybill/waybill";
import { entryFacts, profileNotes } from "./plan_notes.ts";
import { SlowDecryption } from "./slow_decryption.ts";
import { openSource, type Source, type SourceContext, type SourceOptions } from "./source.ts";

/** Milliseconds for decrypting. The engine gives plans and lists 20 s, connecting included. */
const PATIENCE = 15_000;

/** What a preview is opened with. */
export interface PreviewContext extends SourceContext {
  /** Milliseconds that decrypting may take, 15,000 unless told. */
  readonly patience?: number;
}

/**
 * Opens a file for a look at its first rows. Throws {@linkcode SlowDecryption} for a PGP file that is too large for it, as
 * all of it has to be decrypted before any of it may be shown, and what `openSource` throws.
 */
export async function openPreview(context: PreviewContext, options: SourceOptions): Promise<Source> {
  return await openSource(context, options, { verify: false, patience: context.patience ?? PATIENCE });
}

/** What is planned, or where the file could not be decrypted in time, what is known of it without that. */
export async function planUndecrypted(
  { stream, identify_by }: { readonly stream: string; readonly identify_by: readonly string[] },
  plan: () => Promise<Plan>,
): Promise<Plan> {
  try {
    return await plan();
  } catch (error) {
    if (!(error instanceof SlowDecryption)) throw error;
    const { path, entry, patience } = error;
    return {
      summary: `Would decrypt "${path}" (${entry.size} bytes) and import it into stream "${stream}"`,
      facts: { ...entryFacts(path, entry), identify_by: [...identify_by] },
      notes: [
        `"${path}" was not decrypted within ${
          patience / 1_000
        } seconds, so what it holds is not shown, nor whether the ` +
        "job fits it: a PGP file is decrypted whole before any of it is used. A run takes the time that it needs",
        ...profileNotes(identify_by, stream),
      ],
    };
  }
}
