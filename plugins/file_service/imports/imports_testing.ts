/**
 * What the tests of several imports of files need.
 *
 * @module
 */
import type { FileStore } from "@waybill/waybill";
import { memoryStore } from "@waybill/waybill/files";

/** A store whose file starts and never goes on, and what tells that somebody waits for it. */
export function silentStore(
  name: string,
  content: string,
): { readonly connection: { readonly files: FileStore }; readonly waiting: Promise<void> } {
  const waiting = Promise.withResolvers<void>();
  const files: FileStore = {
    ...memoryStore({ [name]: content }),
    open: async (_path, options) =>
      new ReadableStream({
        start: (controller) => {
          options?.signal?.addEventListener("abort", () => controller.error(options.signal?.reason), { once: true });
        },
        pull: () => waiting.resolve(),
      }),
  };
  return { connection: { files }, waiting: waiting.promise };
}
