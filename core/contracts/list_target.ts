/**
 * Imports whose rows are the members of a list audience.
 *
 * @module
 */
import type { ImportTarget } from "./job.ts";

/**
 * The list audience that an import's rows go into. They come in the place of its members, all of them at once when the run
 * has handed over the last: whoever looks sees the members from before or those after. So there are no checkpoints: a run
 * that was interrupted begins anew.
 */
export interface ListTarget {
  /** Which list it is. */
  readonly list: {
    /** Id or name of its app, whose profiles its members are. */
    readonly app: string;
    /** Its id; absent where its name tells. */
    readonly id?: number;
    /** Its name; the list is made where the app has none such. */
    readonly name?: string;
  };
  /** Field of the rows, text or a number in each, whose value names the member. */
  readonly member: string;
}

/** Whether an import's rows are the members of a list. */
export function isListTarget(target: ImportTarget | ListTarget): target is ListTarget {
  return "list" in target;
}
