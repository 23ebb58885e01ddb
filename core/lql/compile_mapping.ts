/**
 * Makes a program of a mapping: what each event contributes to the fields of its profile.
 *
 * @module
 */
import type { JsonValue } from "../contracts/records.ts";
import { nearest } from "../describe/nearest.ts";
import type { Column, Expression, Mapping } from "./ast.ts";
import { castTo, toJson } from "./casts.ts";
import { compileCall, functionOf } from "./compile_call.ts";
import { Compilation, type Compiled } from "./compile_expression.ts";
import { faultOf, faultOfMember } from "./fault.ts";
import { quoteName } from "./format.ts";
import { type Kind, KINDS, type MergeOp, valueKindOf } from "./kinds.ts";
import type { Scope, StaticType } from "./scope.ts";
import { canCast, TYPE_NAMES } from "./static_types.ts";
import { formOf, KIND_FORMS, type TextForm } from "./text_forms.ts";
import { toTime } from "./values.ts";
import { firstFieldOf } from "./walk.ts";

/** An event as a mapping reads it: `at` is the event's time, in milliseconds since the Unix epoch. */
export type MappingEvent = Scope;

/**
 * How contributions become the field's value. `latest`, `oldest`: one contribution stands, by (event time, archive
 * position). `latest per key`, `oldest per key`: the same for each key of a map. `merge`: `mergeValues` of kind and
 * merge, in any order.
 */
export type Fold = "latest" | "oldest" | "latest per key" | "oldest per key" | "merge";

/** A profile field that a mapping writes. */
export interface MappedColumn {
  /** The field's name. */
  readonly name: string;
  /** What it holds; `undefined`: values as they come, any JSON. */
  readonly kind: Kind | undefined;
  /** How the values of several events become one. */
  readonly merge: MergeOp;
  /** The rule that follows from both. */
  readonly fold: Fold;
  /** SHORTDESC. */
  readonly shortDesc?: string;
  /** LONGDESC. */
  readonly longDesc?: string;
}

/** A mapping, ready to read events. */
export interface MappingProgram {
  /** The stream it reads. */
  readonly stream: string;
  /** The profile table it writes. */
  readonly table: string;
  /** ALIAS. */
  readonly alias?: string;
  /** The columns that identify, in their order. */
  readonly identifyBy: readonly string[];
  /** The columns in their order. */
  readonly columns: readonly MappedColumn[];
  /** The event fields that it reads; `undefined` where that may be any. */
  readonly reads: readonly string[] | undefined;
  /**
   * Writes what the event contributes to column `i` to `values[i]`: a JSON value of the column's kind, or `undefined`
   * for nothing. False, with `values` as they were, for an event that WHERE leaves out. The same event always gives the
   * same. Maps have no prototype.
   */
  evaluate(event: MappingEvent, values: (JsonValue | undefined)[]): boolean;
  /** Whether WHERE takes the event: the first half of `evaluate`. */
  takes(event: MappingEvent): boolean;
  /** What an event that is taken contributes to each column: the other half. */
  readonly contributions: readonly Contribution[];
}

/** Computes a part of what an event contributes, and tells what decides it. */
export interface Decided<T> {
  /** Computes it. */
  readonly of: (event: MappingEvent) => T;
  /** The fields that alone decide it, one or two; `undefined` where more do, or the event's time. */
  readonly fields: readonly string[] | undefined;
}

/** What an event contributes to a column. */
export interface Contribution {
  /** IF: whether there is any; `undefined` where it has none to say. */
  readonly condition: Decided<boolean> | undefined;
  /** The value; `undefined` for none. */
  readonly value: Decided<JsonValue | undefined>;
  /** Of a column of the kind DATE: its value as milliseconds since the Unix epoch. */
  readonly time: ((event: MappingEvent) => number | undefined) | undefined;
  /** What it makes of the text of the field that alone decides it, where that is one of these. */
  readonly form: TextForm | undefined;
}

/**
 * Compiles a mapping. Throws a `Failure` of kind `config` at the place of the first thing that is wrong: a function that
 * is not known, arguments, types, a merge that does not suit its kind, a column without a name or with that of another,
 * an identity that is no column.
 */
export function compileMapping(mapping: Mapping): MappingProgram {
  const compilation = new Compilation();
  const names = namesOf(mapping.columns);
  const compiled = mapping.columns.map((column, index) => compileColumn(compilation, column, names[index] ?? ""));
  const columns = compiled.map(({ column }) => column);
  checkIdentities(mapping, columns);
  const where = mapping.where === undefined ? undefined : compilation.condition(mapping.where);
  const contributions = compiled.map(({ contribution }) => contribution);
  const takes = (event: MappingEvent) => where === undefined || where(event);
  const { stream, table, alias, identifyBy } = mapping;
  return {
    stream,
    table,
    ...alias !== undefined && { alias },
    identifyBy,
    columns,
    reads: compilation.readsAll ? undefined : [...compilation.fields].sort(),
    takes,
    contributions,
    evaluate(event, values) {
      if (!takes(event)) return false;
      for (const [i, { condition, value }] of contributions.entries()) {
        values[i] = condition === undefined || condition.of(event) ? value.of(event) : undefined;
      }
      return true;
    },
  };
}

interface CompiledColumn {
  readonly column: MappedColumn;
  readonly contribution: Contribution;
}

/** Compiles a column, and tells `whole` what it reads. */
function compileColumn(whole: Compilation, column: Column, name: string): CompiledColumn {
  const { expression, condition, shortDesc, longDesc } = column;
  const compilation = new Compilation();
  const { compiled, merge: implied, kind: own } = compileExpression(compilation, expression);
  if (implied !== undefined && column.merge !== undefined && column.merge !== implied) {
    throw faultOf(column, `this column merges by ${implied}, not ${column.merge}`, `Leave MERGEOP ${column.merge} out`);
  }
  const stated = column.merge ?? implied;
  const kind = column.kind ?? own ?? kindOfMerge(stated);
  const merge = stated ?? (kind === "TS[]STRING" ? "SET" : "LATEST");
  checkKind(column, compiled.type, kind, merge);
  const test = condition === undefined ? undefined : conditionOf(whole, condition);
  whole.add(compilation);
  const cast = kind === undefined ? toJson : castTo(kind);
  const { compute } = compiled;
  const value = (event: MappingEvent) => cast(compute(event), event.at);
  const description = { ...shortDesc !== undefined && { shortDesc }, ...longDesc !== undefined && { longDesc } };
  return {
    column: { name, kind, merge, fold: foldOf(kind, merge), ...description },
    contribution: {
      condition: test,
      // What is cast to a map of times has the event's own.
      value: { of: value, fields: kind === "TS[]STRING" ? undefined : decidedBy(compilation) },
      time: kind === "DATE" ? (event) => toTime(compute(event)) : undefined,
      form: kind === undefined ? compiled.form : formOf(KIND_FORMS[kind], compiled.form),
    },
  };
}

/** IF, compiled; tells `whole` what it reads. */
function conditionOf(whole: Compilation, condition: Expression): Decided<boolean> {
  const compilation = new Compilation();
  const of = compilation.condition(condition);
  whole.add(compilation);
  return { of, fields: decidedBy(compilation) };
}

function decidedBy({ fields, readsAll, usesNow }: Compilation): readonly string[] | undefined {
  return readsAll || usesNow || fields.size > 2 ? undefined : [...fields];
}

/** The expression of a column, where functions that count over events may stand. */
function compileExpression(
  compilation: Compilation,
  expression: Expression,
): { readonly compiled: Compiled; readonly merge: MergeOp | undefined; readonly kind: Kind | undefined } {
  if (expression.type === "call") {
    const { aggregate } = functionOf(expression);
    if (aggregate !== undefined) {
      const compiled = compileCall(compilation, expression, true);
      const [first] = expression.args;
      const type = first === undefined ? "any" : compilation.value(first).type;
      return { compiled, merge: aggregate.merge, kind: aggregate.kind(type) };
    }
  }
  const compiled = compilation.value(expression);
  return { compiled, merge: undefined, kind: compiled.kind };
}

/** The kind of a field whose merge tells it. */
function kindOfMerge(merge: MergeOp | undefined): Kind | undefined {
  if (merge === "SET") return "[]STRING";
  return merge === "MIN" || merge === "MAX" || merge === "SUM" ? "NUMBER" : undefined;
}

function checkKind(column: Column, type: StaticType, kind: Kind | undefined, merge: MergeOp): void {
  if (kind === undefined) return;
  if (!canCast(type, kind)) {
    throw faultOf(column, `${TYPE_NAMES[type]} is never ${kind}`, "Change the KIND, or the expression");
  }
  const { merges } = KINDS[kind];
  if (!merges.includes(merge)) {
    throw faultOf(column, `${merge} does not suit the kind ${kind}`, `${kind} merges by ${merges.join(", ")}`);
  }
}

function foldOf(kind: Kind | undefined, merge: MergeOp): Fold {
  if (merge !== "LATEST" && merge !== "OLDEST") return "merge";
  const one = merge === "LATEST" ? "latest" : "oldest";
  return kind !== undefined && valueKindOf(kind) !== undefined ? `${one} per key` : one;
}

/** The columns' names: by AS, else that of the first field in the expression. */
function namesOf(columns: readonly Column[]): readonly string[] {
  const seen = new Set<string>();
  return columns.map((column) => {
    const name = column.name ?? firstFieldOf(column.expression)?.path.join(".");
    if (name === undefined) throw faultOf(column, "this column has no name", "Write AS and a name after it");
    if (seen.has(name)) {
      throw faultOf(
        column,
        `"${name}" is the name of two columns`,
        `Give one of them another: AS ${quoteName(`${name}_2`)}`,
      );
    }
    seen.add(name);
    return name;
  });
}

function checkIdentities({ identifyBy }: Mapping, columns: readonly MappedColumn[]): void {
  for (const [index, name] of identifyBy.entries()) {
    const column = columns.find((column) => column.name === name);
    if (column === undefined) {
      const meant = nearest(name, columns.map((column) => column.name));
      throw faultOfMember(
        identifyBy,
        index,
        `"${name}" identifies, but is no column`,
        meant === undefined ? "Name columns after BY, or select it" : `Did you mean ${quoteName(meant)}?`,
      );
    }
    if (identifyBy.indexOf(name) < index) throw faultOfMember(identifyBy, index, `"${name}" stands twice after BY`);
    const { kind, merge } = column;
    if (merge === "SUM" || kind !== undefined && (kind === "TS[]STRING" || valueKindOf(kind) !== undefined)) {
      throw faultOfMember(
        identifyBy,
        index,
        `"${name}" is ${merge === "SUM" ? "a sum" : "a map"}, which identifies nobody`,
      );
    }
  }
}
