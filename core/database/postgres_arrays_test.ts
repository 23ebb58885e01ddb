import assert from "node:assert/strict";
import fc from "fast-check";
import { CompiledQuery } from "kysely";
import { requirePostgres, startPostgres } from "../testing/postgres.ts";
import { openPostgres } from "./postgres.ts";
import { packIntegers, packTexts } from "./postgres_arrays.ts";

Deno.test({
  name: "PostgreSQL reads packed arrays as the lists they were",
  ignore: !requirePostgres(),
  fn: async () => {
    await using server = await startPostgres();
    await using database = await openPostgres(await server.createDatabase());
    // PostgreSQL's text holds no NUL; a lone surrogate becomes U+FFFD, as everywhere.
    const text = fc.string({ unit: "binary" }).map((text) => text.replaceAll("\0", "").toWellFormed());
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.maxSafeInteger(), fc.option(text))), async (rows) => {
        const integers = packIntegers(rows.length, (index) => rows[index]![0]);
        const texts = packTexts(rows.length, (index) => rows[index]![1]);
        const sql =
          `select number, text from unnest($1::bigint[], $2::text[]) with ordinality as list(number, text, place)
          order by place`;
        const result = await database.kysely.executeQuery<{ number: number; text: string | null }>(
          CompiledQuery.raw(sql, [integers, texts]),
        );
        assert.deepEqual(result.rows.map(({ number, text }) => [number, text]), rows);
      }),
      { numRuns: 100 },
    );
    const long = "é".repeat(100_000);
    const { rows } = await database.kysely.executeQuery<{ length: number }>(
      CompiledQuery.raw("select length(text) from unnest($1::text[]) as list(text)", [packTexts(3, () => long)]),
    );
    assert.deepEqual(rows.map(({ length }) => length), [100_000, 100_000, 100_000]);
  },
});
