import { fileStoreSuite } from "../testing/file_store_suite.ts";
import { memoryStore } from "./memory.ts";

fileStoreSuite("memory", async () => {
  const store = memoryStore();
  return {
    store,
    put: async (path, bytes) => void await store.write(path, new Blob([bytes.slice()]).stream()),
    [Symbol.asyncDispose]: async () => {},
  };
});
