/**
 * `job types|create|list|show|update|plan|files|pause|resume|delete`
 *
 * @module
 */
import type { JobView } from "../../core/engine/views.ts";
import type { App } from "../app.ts";
import type { Command, Noun } from "../command.ts";
import { findTarget, jobFlags, jobTypes, targetInput } from "../job_target.ts";
import { AUTH, changeOf, DESCRIPTION, LABEL, NEW_LABEL, UNSET, UNSET_ONCE } from "../saved.ts";
import { files } from "./job_files.ts";

const JOB = { name: "JOB" };

const types: Command = {
  summary: "Lists what the plugins can do",
  run: async (app) => {
    const { jobs } = await app.registry();
    if (app.out.json) {
      const { describeJobType } = await import("../../core/engine/declarations.ts");
      return app.out.value(jobs.map(describeJobType));
    }
    app.out.table(
      ["job type", "what it does", "auth methods"],
      jobs.map(({ id, summary, auths }) => [
        id,
        summary,
        auths.map((auth) => auth.id),
      ]),
    );
    const [first] = jobs;
    if (first !== undefined) app.out.next([`${app.command("run", first.id)} --help`]);
  },
};

const create: Command = {
  summary: "Saves a job, to run it by its label",
  args: [{ name: "JOB-TYPE" }],
  flags: [LABEL, DESCRIPTION, AUTH],
  examples: [
    "job create csv-import --label nightly --auth partner --file customers.csv --stream customers --identify-by email",
  ],
  subjects: jobTypes,
  declared: async (app, [type]) =>
    jobFlags(app, type === undefined ? undefined : (await app.registry()).job(type), false),
  run: async (app, args) => {
    const { jobs } = await app.runtime();
    const [description, auth] = [args.value("description"), args.value("auth")];
    const job = await jobs.create({
      type: args.words[0] ?? "",
      label: args.required("label"),
      config: args.config,
      ...(description === undefined ? {} : { description }),
      ...(auth === undefined ? {} : { auth }),
    });
    print(app, job);
    const first = job.last_run_id;
    app.out.next(
      first === null
        ? [app.command("job", "plan", job.label), app.command("run", job.label)]
        : [app.command("run", "show", first), app.command("job", "show", job.label)],
    );
  },
};

const list: Command = {
  summary: "Lists the saved jobs",
  run: async (app) => {
    const jobs = await (await app.runtime()).jobs.list();
    if (app.out.json) return app.out.value(jobs);
    app.out.table(
      ["label", "type", "status", "next run", "id", "description"],
      jobs.map((job) => [
        job.label,
        job.type,
        job.paused_reason === null ? job.status : `${job.status}: ${app.phrase(job.paused_reason)}`,
        job.next_runs[0] ?? "",
        job.id,
        job.description,
      ]),
    );
    if (jobs.length === 0) {
      app.out.note("There is no job yet");
      app.out.next([`${app.command("job", "create")} --help`]);
    }
  },
};

const show: Command = {
  summary: "Shows one",
  args: [JOB],
  run: async (app, { words: [job = ""] }) => print(app, await (await app.runtime()).jobs.get(job)),
};

const update: Command = {
  summary: "Changes one; what is not named stays",
  args: [JOB],
  flags: [NEW_LABEL, DESCRIPTION, AUTH, UNSET],
  declared: async (app, [name]) => {
    if (name === undefined) return jobFlags(app, undefined, true);
    const { jobs, registry } = await app.runtime();
    return jobFlags(app, registry.job((await jobs.get(name)).type), true);
  },
  run: async (app, args) => {
    const { jobs } = await app.runtime();
    const auth = args.value("auth");
    const change = { ...changeOf(args, args.config), ...(auth === undefined ? {} : { auth }) };
    const job = await jobs.update(args.words[0] ?? "", change);
    print(app, job);
    app.out.next([app.command("job", job.status === "paused" ? "resume" : "plan", job.label)]);
  },
};

const plan: Command = {
  summary: "Tells what a run would do, and changes nothing",
  args: [{ name: "JOB|JOB-TYPE" }],
  flags: [AUTH, UNSET_ONCE],
  examples: ["job plan csv-import --auth partner --file customers.csv --stream customers"],
  subjects: jobTypes,
  declared: async (app, [name]) =>
    name === undefined ? jobFlags(app, undefined, false) : (await findTarget(app, name)).declared,
  run: async (app, args) => {
    const { printPlan } = await import("../plan_report.ts");
    const target = await findTarget(app, args.words[0] ?? "");
    const { jobs } = await app.runtime();
    printPlan(app, await jobs.plan(await targetInput(app, target, args)));
  },
};

const pause: Command = {
  summary: "Pauses one: it starts no runs until it is resumed",
  args: [JOB],
  run: async (app, { words: [name = ""] }) => {
    const job = await (await app.runtime()).jobs.pause(name);
    print(app, job);
    app.out.next([app.command("job", "resume", job.label)]);
  },
};

const resume: Command = {
  summary: "Resumes one that is paused",
  args: [JOB],
  run: async (app, { words: [name = ""] }) => {
    const job = await (await app.runtime()).jobs.resume(name);
    print(app, job);
    app.out.next([app.command("run", job.label)]);
  },
};

const remove: Command = {
  summary: "Deletes one that is not running; what it brought in stays",
  args: [JOB],
  run: async (app, { words: [name = ""] }) => {
    const { jobs } = await app.runtime();
    const { id, label } = await jobs.get(name);
    await jobs.delete(id);
    if (app.out.json) return app.out.value({ id, deleted: true });
    app.out.note(`Job "${label}" is deleted`);
  },
};

function print(app: App, job: JobView): void {
  const { out } = app;
  if (out.json) return out.value(job);
  out.pairs([
    ["label", job.label],
    ["id", job.id],
    ["type", job.type],
    ["status", job.status],
    ["paused because", job.paused_reason === null ? null : app.phrase(job.paused_reason)],
    ["failures", job.failures === 0 ? null : `${job.failures} in a row`],
    ["next runs", job.next_runs.length === 0 ? null : job.next_runs],
    ["description", job.description],
    ["auth", job.auth_id],
    ...Object.entries(job.config),
    ["last run", job.last_run_id],
    ["revision", job.revision],
    ["updated", job.updated_at],
  ]);
}

/** Job types and jobs. */
export const job: Noun = { verbs: { types, create, list, show, update, plan, files, pause, resume, delete: remove } };
