import assert from "node:assert/strict";
import { compileFilter } from "./compile_filter.ts";
import { compileMapping } from "./compile_mapping.ts";
import { FUNCTION_FAMILIES, signatureOf } from "./functions/table.ts";
import { KINDS, MERGE_OPS } from "./kinds.ts";
import { parseFilter } from "./parse_filter.ts";
import { parseMapping } from "./parse_mapping.ts";

const PAGE = Deno.readTextFileSync(new URL("../../docs/lql.md", import.meta.url));

/** A table of Markdown, aligned as `deno fmt` aligns it. */
function tableOf(rows: readonly (readonly string[])[]): string {
  const escaped = rows.map((row) => row.map((cell) => cell.replaceAll("|", "\\|")));
  const widths = (escaped[0] ?? []).map((_, column) => Math.max(...escaped.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const [head = [], ...body] = escaped;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...body.map(line)].join("\n");
}

/** The functions as the page lists them, from their declarations. */
function functionsSection(): string {
  return Object.entries(FUNCTION_FAMILIES).map(([family, declarations]) => {
    const rows = declarations.map((declaration) => {
      const [expression = "", value] = declaration.examples[0] ?? [];
      const result = value === undefined ? "no value" : `\`${JSON.stringify(value)}\``;
      return [`\`${signatureOf(declaration)}\``, declaration.help, `\`${expression}\` → ${result}`];
    });
    return `### ${family}\n\n${tableOf([["function", "gives", "for example"], ...rows])}`;
  }).join("\n\n");
}

Deno.test("the page lists every function as it is declared", () => {
  const [, listed] = /<!-- functions -->\n\n([^]*?)\n*<!-- \/functions -->/.exec(PAGE) ?? [];
  assert.equal(listed, functionsSection());
});

Deno.test("the page lists every kind and merge as they are declared", () => {
  const kinds = Object.entries(KINDS).map(([kind, { holds, merges }]) => [`\`${kind}\``, holds, merges.join(", ")]);
  assert.ok(PAGE.includes(tableOf([["kind", "holds", "merges"], ...kinds])));
  const merges = Object.entries(MERGE_OPS).map(([merge, holds]) => [`\`${merge}\``, holds]);
  assert.ok(PAGE.includes(tableOf([["merge", "the field holds"], ...merges])));
});

Deno.test("the page's mappings and filters compile", () => {
  const blocks = [...PAGE.matchAll(/^```(lql|filterql)\n([^]*?)^```$/gm)];
  assert.ok(blocks.length >= 2);
  const list = { matches: () => true, fields: [], usesNow: false };
  for (const [, language, text = ""] of blocks) {
    if (language === "lql") compileMapping(parseMapping(text));
    else compileFilter(parseFilter(text), () => list);
  }
});

Deno.test("the page's example of an error is what is said", () => {
  const [, shown] = /```text\n(Line [^]*?)\n```/.exec(PAGE) ?? [];
  assert.throws(() => parseMapping("SELECT email\n\nFORM web_events"), { message: shown });
});
