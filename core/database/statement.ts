/**
 * Statements that are put together once: for what every small request runs, where putting it together takes about as
 * long as running it.
 *
 * @module
 */
import type { Compilable, CompiledQuery } from "kysely";
import type { Executor } from "./database.ts";

/** What a statement is given. */
type Parameter = number | string | Uint8Array | null;

/** Runs the statement with these parameters, and gives its rows. */
export type Statement<Parameters, Row> = (executor: Executor, parameters: Parameters) => Promise<Row[]>;

/** The statement in one database's words, and what stands at each of its placeholders. */
interface Compiled<Parameters, Row> {
  readonly query: CompiledQuery<Row>;
  readonly values: readonly ((parameters: Parameters) => unknown)[];
}

/**
 * Makes a statement of a query. `build` is called once for each database, with a parameter for each name, and must do
 * no more with them than hand them to the query.
 */
export function statement<Parameters extends Readonly<Record<keyof Parameters, Parameter>>, Row>(
  names: readonly (keyof Parameters & string)[],
  build: (executor: Executor, parameters: Parameters) => Compilable<Row>,
): Statement<Parameters, Row> {
  const known = new WeakMap<object, Compiled<Parameters, Row>>();
  return async (executor, parameters) => {
    const { adapter } = executor.getExecutor();
    let compiled = known.get(adapter);
    if (compiled === undefined) known.set(adapter, compiled = compile(executor, names, build));
    const { query, values } = compiled;
    const { rows } = await executor.executeQuery<Row>({
      ...query,
      parameters: values.map((value) => value(parameters)),
    });
    return rows;
  };
}

function compile<Parameters extends Readonly<Record<keyof Parameters, Parameter>>, Row>(
  executor: Executor,
  names: readonly (keyof Parameters & string)[],
  build: (executor: Executor, parameters: Parameters) => Compilable<Row>,
): Compiled<Parameters, Row> {
  // Nothing else that a query is given looks like one of these.
  const marks = new Map(names.map((name) => [`\0${name}`, name]));
  const marked = Object.fromEntries(names.map((name) => [name, `\0${name}`])) as unknown as Parameters;
  const query = build(executor, marked).compile();
  return {
    query,
    values: query.parameters.map((parameter) => {
      const name = typeof parameter === "string" ? marks.get(parameter) : undefined;
      return name === undefined ? () => parameter : (parameters: Parameters) => parameters[name];
    }),
  };
}
