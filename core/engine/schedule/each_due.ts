/**
 * What is due, one after another.
 *
 * @module
 */

/**
 * Does `work` for everything that is due, page by page. What fails keeps nothing else from its time, on its page or on
 * a later one: the first error is thrown when all had their turn.
 *
 * @param pageAfter The rows that come after one, in an order that does not hang on what work was done; none at the end.
 * @param signal Ends it after the row that is being worked on.
 */
export async function eachDue<Row>(
  pageAfter: (last: Row | undefined) => Promise<readonly Row[]>,
  work: (row: Row) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  let failed: { readonly error: unknown } | undefined;
  for (let page = await pageAfter(undefined); page.length > 0; page = await pageAfter(page.at(-1))) {
    for (const row of page) {
      if (signal?.aborted) return;
      await work(row).catch((error) => failed ??= { error });
    }
  }
  if (failed !== undefined) throw failed.error;
}
