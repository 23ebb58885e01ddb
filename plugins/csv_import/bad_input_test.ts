import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { gzipSync } from "node:zlib";
import { Failure, type FailureKind, type FileStore } from "@waybill/waybill";
import { memoryStore } from "@waybill/waybill/files";
import { runJob } from "@waybill/waybill/testing";
import type { z } from "zod";
import { csvImport, type CsvImportConfig } from "./mod.ts";

type Config = Partial<z.input<CsvImportConfig>>;

interface Expected {
  readonly kind: FailureKind;
  readonly message: string;
  readonly hint: string | RegExp;
}

/** What a run of one file fails with; and that nothing was handed over before it did. */
async function assertFails(content: string | Uint8Array, config: Config, expected: Expected): Promise<void> {
  const files = memoryStore({ "in/a.csv": content });
  const handedOver: unknown[] = [];
  const watched: typeof csvImport = {
    ...csvImport,
    run: (context) =>
      csvImport.run({
        ...context,
        emit: (...args) => {
          handedOver.push(args);
          return context.emit(...args);
        },
      }),
  };
  const options = { connection: { files }, config: { stream: "people", folder: "in", file: "a.csv", ...config } };
  const error = await runJob(watched, options).then(() => undefined, (error) => error);
  assert.ok(error instanceof Failure, `expected a Failure, got ${error?.stack}`);
  assert.deepEqual([error.kind, error.message], [expected.kind, expected.message]);
  if (typeof expected.hint === "string") assert.equal(error.hint, expected.hint);
  else assert.match(error.hint ?? "", expected.hint);
  assert.deepEqual(handedOver, []);
}

Deno.test("a file that is not there is named, with the one that was probably meant", async () => {
  const message = 'File or folder "in/b.csv" does not exist';
  await assertFails("id\n1\n", { file: "b.csv" }, { kind: "config", message, hint: 'Did you mean "a.csv"?' });
  await assertFails("id\n1\n", { folder: "", file: "/in/b.csv" }, {
    kind: "config",
    message: 'File or folder "/in/b.csv" does not exist',
    hint: 'Did you mean "a.csv"?',
  });
});

Deno.test("a file that is not there and resembles none is named alone", () =>
  assertFails("id\n1\n", { file: "customers.csv" }, {
    kind: "config",
    message: 'File or folder "in/customers.csv" does not exist',
    hint: "Check the folder and the file name",
  }));

Deno.test("the nearest name is looked for among 10,000 entries, and only of files", async () => {
  const names = Array.from({ length: 10_000 }, (_, at) => `in/${String(at).padStart(5, "0")}.dat`);
  const files = memoryStore(
    Object.fromEntries([...names, "in/customers.csv", "other/customer/a.csv"].map((name) => [name, ""])),
  );
  let listed = 0;
  const counting: FileStore = {
    ...files,
    stat: (path, options) => files.stat(path, options),
    list: async (folder, options) => {
      const page = await files.list(folder, { ...options, limit: Math.min(options?.limit ?? 1_000, 3_000) });
      listed += page.entries.length;
      return page;
    },
  };
  const hintOf = async (folder: string) => {
    const config = { stream: "s", folder, file: "customer.csv" };
    const error = await runJob(csvImport, { connection: { files: counting }, config }).catch((error) => error);
    assert.ok(error instanceof Failure);
    return error.hint;
  };
  assert.equal(await hintOf("in"), "Check the folder and the file name");
  assert.equal(listed, 10_000);
  assert.equal(await hintOf("other"), "Check the folder and the file name");
});

Deno.test("a folder that is a file is told, with how to give both", async () => {
  const kind = "config";
  await assertFails("id\n1\n", { folder: "in/a.csv" }, {
    kind,
    message: '"in/a.csv" is a file, not a folder',
    hint: 'Give the folder "in" and the file "a.csv"',
  });
  const files = memoryStore({ "a.csv": "id\n1\n" });
  const config = { stream: "s", folder: "a.csv", file: "a.csv" };
  await assert.rejects(runJob(csvImport, { connection: { files }, config }), {
    kind,
    message: '"a.csv" is a file, not a folder',
    hint: 'Leave the folder out and give the file "a.csv"',
  });
});

Deno.test("a folder that is not there is named", () =>
  assertFails("id\n1\n", { folder: "out" }, {
    kind: "config",
    message: 'File or folder "out/a.csv" does not exist',
    hint: "Check the folder and the file name",
  }));

Deno.test("a folder in place of the file is told", () =>
  assertFails("id\n1\n", { folder: "", file: "in" }, {
    kind: "config",
    message: '"in" is a folder, not a file',
    hint: "Give the path of a file",
  }));

Deno.test("an empty file fails as data", () =>
  assertFails("", {}, {
    kind: "data",
    message: 'File "in/a.csv" is empty',
    hint: "Check that the file was written completely",
  }));

Deno.test("a header without rows fails as data", () =>
  assertFails("id,name\n", {}, {
    kind: "data",
    message: 'File "in/a.csv" holds a header and no rows',
    hint: "Check that the file was written completely",
  }));

for (const [shown, delimiter, flag] of [['";"', ";", '";"'], ["tabs", "\t", "t"], ['"|"', "|", '"|"']] as const) {
  Deno.test(`a header that holds ${shown} in one column suggests the delimiter`, () =>
    assertFails(["id", "name"].join(delimiter) + "\n1" + delimiter + "Ann\n", {}, {
      kind: "config",
      message: `The header of "in/a.csv" is a single column that holds ${shown}`,
      hint: `Set the delimiter: \`delimiter: ${flag}\``,
    }));
}

Deno.test("a single column that holds another delimiter is imported when it is named", async () => {
  const connection = { files: memoryStore({ "a.csv": "amount; EUR\n5\n" }) };
  const config = { stream: "s", file: "a.csv", fields: ["amount; EUR"] };
  assert.deepEqual((await runJob(csvImport, { connection, config })).rows, [{ fields: { "amount; EUR": "5" } }]);
});

for (const key of ["fields", "timestamps", "identify_by"]) {
  Deno.test(`an unknown column of ${key} is named, with the one that was probably meant`, () =>
    assertFails("id,email,updated_at\n1,a@example.com,2026-03-01\n", { [key]: ["emial"] }, {
      kind: "config",
      message: `Column "emial" of "${key}" is not in the header of "in/a.csv"`,
      hint: 'Did you mean "email"? The columns are: id, email, updated_at',
    }));
}

Deno.test("a column that differs in case and spaces alone is recognised", () =>
  assertFails("Customer ID,name\n1,Ann\n", { identify_by: ["customer_id"] }, {
    kind: "config",
    message: 'Column "customer_id" of "identify_by" is not in the header of "in/a.csv"',
    hint: 'Did you mean "Customer ID"? The columns are: Customer ID, name',
  }));

Deno.test("a column that resembles none gets the list alone, cut where it is long", () => {
  const names = Array.from({ length: 40 }, (_, index) => `column${index}`);
  return assertFails(`${names.join(",")}\n1\n`, { fields: ["email"] }, {
    kind: "config",
    message: 'Column "email" of "fields" is not in the header of "in/a.csv"',
    hint: /^The columns are: column0, column1, .*, column29 and 10 more$/,
  });
});

for (
  const [what, bytes] of [
    ["bzip2 data", Buffer.from("BZh91AY&SY")],
    ["a tar archive", gzipSync(Buffer.concat([Buffer.alloc(257, "a.csv\0"), Buffer.from("ustar"), Buffer.alloc(250)]))],
    ["a PNG image", Buffer.from("\x89PNG\r\n\x1a\n", "latin1")],
    ["binary data", Buffer.from(Array.from({ length: 8_192 }, (_, at) => at * 167 >> 3))],
  ] as const
) {
  Deno.test(`${what} is recognised and refused`, () =>
    assertFails(bytes, {}, { kind: "data", message: `File "in/a.csv" is ${what}, not CSV text`, hint: /\S/ }));
}

Deno.test("UTF-16 without a byte order mark is recognised", () =>
  assertFails(Buffer.from("id,name\n1,Ann\n", "utf16le"), {}, {
    kind: "data",
    message: 'File "in/a.csv" is UTF-16 text, not CSV text',
    hint: "Set the encoding to utf-16le",
  }));

Deno.test("a header in another encoding asks for its name", () =>
  assertFails(Buffer.from("id,gr\xf6\xdfe\n1,2\n", "latin1"), {}, {
    kind: "data",
    message: 'The header of "in/a.csv" is not UTF-8',
    hint: "Name the file's encoding",
  }));

Deno.test("a header whose quote is never closed is told", () =>
  assertFails('id,"name\n1,Ann\n', {}, {
    kind: "data",
    message: 'The header of "in/a.csv" holds a quoted cell that is not closed properly',
    hint: "Correct the quotes of the first line",
  }));

Deno.test("a file that is not in the UTF-16 given fails with a hint at the encoding", async () => {
  const fails = async (content: string | Uint8Array, hint: string) => {
    const connection = { files: memoryStore({ "a.csv": content }) };
    const config = { stream: "s", file: "a.csv", encoding: "utf-16le" };
    await assert.rejects(runJob(csvImport, { connection, config }), { kind: "data", hint });
  };
  const wrong = "The encoding given, utf-16le, is probably wrong: leave it out";
  await fails("id,name\n1,Ann\n2,Bob\n", wrong);
  await fails("id,name\n" + "1,Ann\n".repeat(30_000), wrong);
  await fails(Buffer.from("id,name\n", "utf16le"), "Check that the file was written completely");
});
