/**
 * Functions of texts.
 *
 * @module
 */
import { isList, isMap, membersOf, toDecimal, toText, type Value } from "../values.ts";
import { argument, type FunctionDeclaration, ofText, ofTwoTexts, parameter } from "./declaration.ts";

const X = parameter("x", "text");

/** `text` without any of `characters` at both ends. */
function trimmed(text: string, characters: ReadonlySet<string>): string {
  const all = [...text];
  let [from, to] = [0, all.length];
  while (from < to && characters.has(all[from] ?? "")) from++;
  while (to > from && characters.has(all[to - 1] ?? "")) to--;
  return all.slice(from, to).join("");
}

/** Characters as people count them: an emoji is one. */
function lengthOf(value: Value): number | undefined {
  if (isList(value)) return value.length;
  if (isMap(value)) return Object.keys(value).length;
  const text = toText(value);
  return text === undefined ? undefined : [...text].length;
}

function substring(text: string, start: number, length: number): string {
  const all = [...text];
  const from = start < 0 ? Math.max(0, all.length + start) : start;
  return all.slice(from, from + Math.max(0, length)).join("");
}

function stripped(value: Value): Value {
  if (isList(value)) return value.map((member) => toText(member)?.trim());
  return toText(value)?.trim();
}

/** The declarations. */
export const TEXT_FUNCTIONS: readonly FunctionDeclaration[] = [
  {
    name: "tolower",
    parameters: [X],
    result: "text",
    help: "In lower case.",
    examples: [['tolower("Apple")', "apple"], ["tolower(missing)", undefined], ["tolower(score)", "22"]],
    build: ofText((text) => text.toLowerCase()),
  },
  {
    name: "toupper",
    parameters: [X],
    result: "text",
    help: "In upper case.",
    examples: [['toupper("Apple")', "APPLE"]],
    build: ofText((text) => text.toUpperCase()),
  },
  {
    name: "title",
    parameters: [X],
    result: "text",
    help: "Each word with a capital first; its other letters stay.",
    examples: [['title("new york")', "New York"], ['title("o\'neil-smith")', "O'neil-Smith"]],
    build: ofText((text) => text.replace(/(?<![\p{L}\p{N}'’])\p{L}/gu, (letter) => letter.toUpperCase())),
  },
  {
    name: "trim",
    parameters: [X, parameter("characters", "text", { count: "optional" })],
    result: "text",
    help: "Without white space, or without any of the characters, at both ends.",
    examples: [['trim("  a b ")', "a b"], ['trim("--a-b--", "-")', "a-b"], ['trim("  ")', undefined]],
    build: (call) => {
      const [x, characters] = [argument(call, 0), argument(call, 1)];
      if (call.args.length === 1) return ofText((text) => text.trim())(call);
      return (scope) => {
        const text = toText(x(scope));
        return text === undefined ? undefined : trimmed(text, new Set(toText(characters(scope)) ?? ""));
      };
    },
  },
  {
    name: "strip",
    parameters: [parameter("x", "any")],
    result: "same",
    help: "Without white space at both ends: a text, or every text of a list.",
    examples: [['strip(" apple ")', "apple"], ['strip(split("a , b", ","))', ["a", "b"]]],
    build: (call) => {
      const x = argument(call, 0);
      return (scope) => stripped(x(scope));
    },
  },
  {
    name: "replace",
    parameters: [X, parameter("old", "text"), parameter("new", "text", { count: "optional" })],
    result: "text",
    help: "Every `old` replaced by `new`, or left out.",
    examples: [
      ['replace("/blog/index.html", "/blog")', "/index.html"],
      ['replace("a-b-c", "-", "+")', "a+b+c"],
      ['replace("a$b", "$", "$&")', "a$&b"],
    ],
    build: (call) => {
      const [x, old, by] = [argument(call, 0), argument(call, 1), argument(call, 2)];
      return (scope) => {
        const text = toText(x(scope));
        const from = toText(old(scope));
        return text === undefined || from === undefined ? text : text.split(from).join(toText(by(scope)) ?? "");
      };
    },
  },
  {
    name: "split",
    parameters: [X, parameter("separator", "text")],
    result: "list",
    help: "The parts between separators, as a list.",
    examples: [['split("apples,oranges", ",")', ["apples", "oranges"]], ['split(missing, ",")', undefined]],
    build: ofTwoTexts((text, separator) => text.split(separator)),
  },
  {
    name: "join",
    parameters: [parameter("x", "any", { count: "repeated" }), parameter("separator", "text")],
    result: "text",
    help: "The arguments and the members of lists as one text, with the separator (the last argument) between them.",
    examples: [
      ['join("a", event, "c", "--")', "a--hello--c"],
      ['join("a", missing, "c", ",")', "a,c"],
      ['join(split("a b", " "), ",")', "a,b"],
      ['join(missing, ",")', undefined],
    ],
    build: (call) => {
      const parts = call.args.slice(0, -1);
      const separator = argument(call, call.args.length - 1);
      return (scope) => {
        const texts = parts.flatMap((part) => membersOf(part(scope)).map(toText)).filter((text) => text !== undefined);
        return texts.length === 0 ? undefined : texts.join(toText(separator(scope)) ?? "");
      };
    },
  },
  {
    name: "concat",
    parameters: [parameter("x", "any", { count: "repeated" })],
    result: "text",
    help: "The arguments one after another; those without a value are left out.",
    examples: [['concat("a", score, missing)', "a22"], ["concat(missing)", undefined]],
    build: ({ args }) => (scope) => {
      let all: string | undefined;
      for (const arg of args) {
        const text = toText(arg(scope));
        if (text !== undefined) all = (all ?? "") + text;
      }
      return all;
    },
  },
  {
    name: "substr",
    parameters: [X, parameter("start", "number"), parameter("length", "number", { count: "optional" })],
    result: "text",
    help: "The characters from `start` on, counted from 0, from the end when negative; `length` of them, or all.",
    examples: [['substr("abcdef", 2)', "cdef"], ['substr("abcdef", 1, 2)', "bc"], ['substr("abcdef", -2)', "ef"]],
    build: (call) => {
      const [x, start, length] = [argument(call, 0), argument(call, 1), argument(call, 2)];
      return (scope) => {
        const [text, from] = [toText(x(scope)), toDecimal(start(scope))];
        if (text === undefined || from === undefined) return undefined;
        return substring(text, Math.trunc(from), Math.trunc(toDecimal(length(scope)) ?? Infinity));
      };
    },
  },
  {
    name: "len",
    parameters: [parameter("x", "any")],
    result: "int",
    help: "How many characters a text has, members a list, keys a map.",
    examples: [['len("abc")', 3], ['len(split("a,b", ","))', 2], ["len(missing)", undefined]],
    build: (call) => {
      const x = argument(call, 0);
      return (scope) => lengthOf(x(scope));
    },
  },
  {
    name: "hasprefix",
    parameters: [X, parameter("start", "text")],
    result: "bool",
    help: "Whether the text begins so.",
    examples: [['hasprefix("apples", "ap")', true], ['hasprefix("apples", "o")', false], [
      'hasprefix(missing, "a")',
      false,
    ]],
    build: ofTwoTexts((text, start) => text.startsWith(start), false),
  },
  {
    name: "hassuffix",
    parameters: [X, parameter("end", "text")],
    result: "bool",
    help: "Whether the text ends so.",
    examples: [['hassuffix("apples", "es")', true], ['hassuffix("apples", "e")', false]],
    build: ofTwoTexts((text, end) => text.endsWith(end), false),
  },
  {
    name: "contains",
    parameters: [parameter("x", "any"), parameter("part", "text")],
    result: "bool",
    help: "Whether the text, or any text of a list, holds the part.",
    examples: [['contains("alabama", "bam")', true], ['contains("alabama", "red")', false], [
      'contains(missing, "a")',
      false,
    ]],
    build: (call) => {
      const [x, part] = [argument(call, 0), argument(call, 1)];
      return (scope) => {
        const wanted = toText(part(scope));
        return wanted !== undefined && membersOf(x(scope)).some((member) => toText(member)?.includes(wanted) ?? false);
      };
    },
  },
];
