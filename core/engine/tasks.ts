/**
 * The engine's own tasks, by id.
 *
 * @module
 */
import { replayTask } from "./replay.ts";
import type { Task } from "./task.ts";

/** Every task. */
export const TASKS: ReadonlyMap<string, Task> = new Map([replayTask].map((task) => [task.id, task]));
