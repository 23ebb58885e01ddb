/**
 * Reads one partition while the one before it is worked on.
 *
 * @module
 */

/** What `read` gives of each partition, in their order. Nothing is being read any more once it has ended. */
export async function* readAhead<T>(partitions: number, read: (partition: number) => Promise<T>): AsyncGenerator<T> {
  let next: Promise<T> | undefined;
  try {
    for (let partition = 0; partition < partitions; partition++) {
      const now = await (next ?? read(partition));
      next = undefined;
      if (partition + 1 < partitions) {
        next = read(partition + 1);
        // Whoever awaits it hears of it, if anybody comes to that.
        next.catch(() => {});
      }
      yield now;
    }
  } finally {
    await next?.catch(() => {});
  }
}
