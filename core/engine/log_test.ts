import assert from "node:assert/strict";
import { createLog } from "./log.ts";

Deno.test("a JSON log writes an object a line, with the fields bound to it", () => {
  const lines: string[] = [];
  const log = createLog({ write: (line) => lines.push(line) });
  log.with({ run: "r1" }).with({ job: "j1" }).warn("Two\nlines", { rows: 2, time: "mine" });
  log.debug("below the level");
  assert.equal(lines.length, 1);
  const { time, ...rest } = JSON.parse(lines[0] ?? "");
  assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.deepEqual(rest, { run: "r1", job: "j1", rows: 2, level: "warn", message: "Two\nlines" });
  assert(lines[0]?.endsWith("}\n") && !lines[0].slice(0, -1).includes("\n"));
});

Deno.test("a pretty log is one line for people, whatever a peer put into the message", () => {
  const lines: string[] = [];
  createLog({ format: "pretty", level: "debug", write: (line) => lines.push(line) })
    .debug("Banner: \x1b[2J\r\nroot", { port: 22 });
  assert.match(lines.join(""), /^\d\d:\d\d:\d\d debug Banner: \\u001b\[2J\\r\\nroot port=22\n$/);
});

Deno.test("colours are only written where they are asked for", () => {
  const lines: string[] = [];
  createLog({ format: "pretty", colors: true, write: (line) => lines.push(line) }).error("No");
  assert(lines.join("").includes("\x1b[31merror\x1b[39m No"));
});

Deno.test("a log that cannot be written stops nobody, and says later how many lines are missing", () => {
  const lines: string[] = [];
  let full = false;
  const log = createLog({
    write: (line) => {
      if (full) throw new Error("No space left on device (os error 28)");
      lines.push(line);
    },
  });
  log.info("One");
  full = true;
  log.info("Two");
  log.with({ run: "r1" }).info("Three");
  full = false;
  log.info("Four");
  log.info("Five");
  const said = lines.join("").split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
  assert.deepEqual(said.map(({ message, lost_lines }) => [message, lost_lines]), [
    ["One", undefined],
    ["Four", 2],
    ["Five", undefined],
  ]);
});

Deno.test("gathered lines are written together, soon, in their order, and before any that warns", async () => {
  const pieces: string[] = [];
  const written = Promise.withResolvers<void>();
  const log = createLog({
    gathers: true,
    write: (lines) => {
      pieces.push(lines);
      written.resolve();
    },
  });
  const messages = () => pieces.map((piece) => piece.trimEnd().split("\n").map((line) => JSON.parse(line).message));
  log.info("One");
  log.with({ run: "r1" }).info("Two");
  assert.deepEqual(pieces, []);
  await written.promise;
  assert.deepEqual(messages(), [["One", "Two"]]);
  log.info("Three");
  log.warn("Four");
  assert.deepEqual(messages().slice(1), [["Three", "Four"]]);
  log.info("Five");
  log.flush();
  log.flush();
  assert.deepEqual(messages().slice(2), [["Five"]]);
  for (let line = 0; line < 1_000; line++) log.info("More", { line });
  assert(pieces.length > 3);
  log.flush();
  assert.equal(messages().slice(3).flat().length, 1_000);
});

Deno.test("gathered lines that cannot be written are counted, each of them", () => {
  const pieces: string[] = [];
  let full = true;
  const log = createLog({
    gathers: true,
    write: (lines) => {
      if (full) throw new Error("No space left on device (os error 28)");
      pieces.push(lines);
    },
  });
  for (const messages of [["One", "Two"], ["Three"]]) {
    for (const message of messages) log.info(message);
    log.flush();
  }
  full = false;
  log.info("Four");
  log.info("Five");
  log.flush();
  log.error("Six");
  const said = pieces.join("").trim().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(said.map(({ message, lost_lines }) => [message, lost_lines]), [
    ["Four", 3],
    ["Five", undefined],
    ["Six", undefined],
  ]);
});

Deno.test("another thread's lines are written as they come, after those before them, and count as lost where they are", () => {
  let written = "", full = false;
  const log = createLog({
    gathers: true,
    write: (lines) => {
      if (full) throw new Error("No space left on device (os error 28)");
      written += lines;
    },
  });
  log.info("One");
  log.pass('{"message":"Two"}\n{"message":"Three"}\n');
  full = true;
  log.pass('{"message":"Four"}\n{"message":"Five"}\n');
  full = false;
  log.pass('{"message":"Six"}\n');
  log.flush();
  const said = written.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
  assert.deepEqual(said.map(({ message, lost_lines }) => [message, lost_lines]), [
    ["One", undefined],
    ["Two", undefined],
    ["Three", undefined],
    ["Lines of the log are missing", 2],
    ["Six", undefined],
  ]);
});
