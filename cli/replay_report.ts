/**
 * The replay that a change of a mapping or table takes: followed to its end, or left to others.
 *
 * @module
 */
import type { App } from "./app.ts";
import type { Arguments } from "./args.ts";
import type { Flag } from "./command.ts";
import { reportRunFailure } from "./errors.ts";
import { followRun } from "./follow.ts";
import { count, duration } from "./format.ts";

/** `--no-wait`. */
export const WAIT: Flag = {
  name: "wait",
  kind: "switch",
  help: "Replay the events now, and wait for the end [default]; --no-wait leaves it to a server or `run retry`",
};

/**
 * Before the runtime is opened: with `--no-wait`, this process executes nothing; else the threads of a replay that is
 * `likely` start, to be ready by then.
 */
export async function heedWait(app: App, args: Arguments, { likely = true } = {}): Promise<void> {
  if (args.on("wait") === false) app.leaveRuns();
  else if (likely) await app.startThreads();
}

/** Prints what was changed, as `print` does, and sees its replay to the end. Gives the exit code. */
export async function reportReplay(
  app: App,
  args: Arguments,
  changed: { readonly replay_run: string | null; readonly notes?: readonly string[] },
  print: () => void,
): Promise<number> {
  const { replay_run: id, notes = [] } = changed;
  app.out.goOnUnread();
  if (!app.out.json) print();
  for (const note of notes) app.out.note(`${app.out.talk("yellow", "note:")} ${note}`);
  let code = 0;
  if (id !== null && args.on("wait") === false) {
    app.out.note(`Run ${id} fills the table anew; until it is done, the table is as it was`);
    app.out.next([app.command("run", "retry", id)]);
  } else if (id !== null) {
    const { runs } = await app.runtime();
    const run = await followRun(app, await runs.get(id));
    if (run.failure !== null) code = reportRunFailure(app.out, run.failure, app);
    else {
      const profiles = `${count(run.profiles_created)} profiles made`;
      app.out.note(`${count(run.read)} events replayed in ${duration(run.duration_ms)}, ${profiles} (run ${id})`);
    }
    for (const note of run.notes) app.out.note(`${app.out.talk("yellow", "note:")} ${app.phrase(note)}`);
  }
  if (app.out.json) print();
  return code;
}
