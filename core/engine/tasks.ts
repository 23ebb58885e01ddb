/**
 * The engine's own tasks, by id.
 *
 * @module
 */
import { erasureTask } from "./erasure_task.ts";
import { replayTask } from "./replay.ts";
import type { Task } from "./task.ts";

/** Every task. */
export const TASKS: ReadonlyMap<string, Task> = new Map([replayTask, erasureTask].map((task) => [task.id, task]));
