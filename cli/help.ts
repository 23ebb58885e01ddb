/**
 * Help at every level, made from the same tables that the parser reads.
 *
 * @module
 */
import { type Command, type Declared, type Flag, GLOBAL_FLAGS, type Noun, VERSION_FLAG } from "./command.ts";
import { columns } from "./format.ts";
import { NOUNS } from "./nouns.ts";
import type { Output } from "./output.ts";
import { programName } from "./program.ts";

type Line = readonly [name: string, text: string];

/** What there is. */
export function topHelp(out: Output): string {
  return render([
    "Moves customer data in and out by file: a partner's CSV on an SFTP server becomes profiles.",
    usage(out, "NOUN [VERB] …"),
    section(out, "Nouns", Object.entries(NOUNS).map(([name, { summary }]) => [name, summary])),
    section(out, "Flags", [...GLOBAL_FLAGS, VERSION_FLAG].map(flagLine)),
    `Start with ${out.data("cyan", `${programName()} demo`)}, or read ` +
    `${out.data("cyan", `${programName()} NOUN --help`)}.`,
  ]);
}

/** What a noun does. */
export function nounHelp(out: Output, name: string, { self, verbs = {} }: Noun): string {
  const lines: Line[] = Object.entries(verbs).map(([verb, command]) => [signature(verb, command), command.summary]);
  if (self !== undefined) lines.unshift([signature("", self).trim(), self.summary]);
  return render([
    NOUNS[name]?.summary ?? "",
    usage(out, `${name} VERB …`),
    section(out, "Verbs", lines),
    `${out.data("cyan", `${programName()} ${name} VERB --help`)} tells more.`,
  ]);
}

/** What is known of a command beyond its table. */
export interface HelpDetails {
  /** What it is about, as it was typed. */
  readonly words?: readonly string[];
  /** The flags of what it is about. */
  readonly declared?: Declared | undefined;
  /** The values its first argument may take. */
  readonly subjects?: readonly Line[] | undefined;
}

/** What a command does. */
export function commandHelp(out: Output, name: string, command: Command, details: HelpDetails = {}): string {
  const { declared, subjects, words = [] } = details;
  const own = flagsTaken(command, declared).filter(({ kind }) => kind !== "secret");
  const subject = `${[name, words[0]].join(" ")} `;
  // Those of another job type or method say nothing to whoever asks about this one.
  const examples = (command.examples ?? []).filter((one) => declared === undefined || one.startsWith(subject));
  return render([
    declared?.summary ?? command.summary,
    usage(out, `${signature(name, command, words)}${own.length > 0 ? " [flags]" : ""}`),
    section(out, command.args?.[0]?.name ?? "", subjects ?? []),
    section(out, "Flags", own.filter(({ advanced }) => advanced !== true).map(flagLine)),
    section(out, "Advanced", own.filter(({ advanced }) => advanced === true).map(flagLine)),
    section(out, "Common flags", GLOBAL_FLAGS.map(flagLine)),
    examples.length === 0 ? "" : [
      out.data("bold", "Examples"),
      ...examples.map((example) => `  ${out.data("cyan", `${programName()} ${example}`)}`),
    ].join("\n"),
  ]);
}

/** Every flag of a command that is about something: those declared for it, and the command's own. */
export function flagsTaken({ flags = [] }: Command, declared: Declared = { flags: [] }): Flag[] {
  const own = flags.filter(({ name }) => declared.omits?.includes(name) !== true);
  const instead = (flag: Flag) => declared.flags.find(({ name }) => name === flag.name) ?? flag;
  const isOwn = ({ name }: Flag) => own.some((flag) => flag.name === name);
  return [...declared.flags.filter((flag) => !isOwn(flag)), ...own.map(instead)];
}

/** A command's name and arguments, in words where they are known: `auth update AUTH`, `auth create sftp`. */
export function signature(name: string, command: Command, words: readonly string[] = []): string {
  return [name, ...(command.args ?? []).map((argument, index) => words[index] ?? argument.name)].join(" ");
}

function usage(out: Output, text: string): string {
  return `${out.data("bold", "Usage:")} ${programName()} ${text}`;
}

function flagLine({ name, kind, value, help }: Flag): Line {
  return [`--${name}${kind === "switch" || kind === "secret-ask" ? "" : ` ${value ?? "VALUE"}`}`, help];
}

function section(out: Output, title: string, lines: readonly Line[]): string {
  if (lines.length === 0) return "";
  const width = Math.max(...lines.map(([name]) => name.length));
  const room = Math.max(40, (out.stdout.terminal ? out.stdout.width() : 120) - width - 4);
  return [
    out.data("bold", title),
    ...lines.flatMap(([name, text]) =>
      wrap(text, room).map((line, index) => `  ${(index === 0 ? name : "").padEnd(width)}  ${line}`.trimEnd())
    ),
  ].join("\n");
}

function wrap(text: string, width: number): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1) ?? "";
    if (line !== "" && columns(line) + 1 + columns(word) > width) lines.push(word);
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
  }
  return lines;
}

function render(parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join("\n\n");
}
