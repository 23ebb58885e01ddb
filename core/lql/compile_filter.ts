/**
 * Makes a program of a filter: which profiles are members.
 *
 * @module
 */
import type { JsonValue } from "../contracts/records.ts";
import { nearest } from "../describe/nearest.ts";
import type { Filter } from "./ast.ts";
import { Compilation } from "./compile_expression.ts";
import { faultOf } from "./fault.ts";
import type { Scope } from "./scope.ts";
import { includesIn } from "./walk.ts";

/** A profile's fields. Only own properties count. */
export type FilteredProfile = Readonly<Record<string, JsonValue>>;

/** A profile whose fields are read as they are asked for; the same object may stand for one profile after another. */
export abstract class LazyProfile {
  /** Another one for each profile that it stands for. */
  abstract readonly turn: number;
  /** The value of a field; undefined where there is none. */
  abstract get(name: string): JsonValue | undefined;
  /** The time that a field says, in milliseconds since the Unix epoch; NaN where that takes its value. */
  abstract time(name: string): number;
  /** The names of all its fields. */
  abstract names(): Iterable<string>;
}

/** What a filter is asked in. */
export interface FilterContext {
  /** The time that date math starts from, in milliseconds since the Unix epoch. */
  readonly now: number;
  /** Whether the profile at hand is a member of a list audience; for what `resolveInclude` gives for lists. */
  member?(slug: string): boolean;
}

/** What INCLUDE needs of an audience; a list audience has a `matches` that looks up its members. */
export interface IncludedAudience {
  /** Whether the profile is a member. */
  matches(profile: FilteredProfile | LazyProfile, context: FilterContext): boolean;
  /** The profile fields it reads; `undefined` where that may be any. A list audience reads none. */
  readonly fields: readonly string[] | undefined;
  /** Whether the answer changes with the time. */
  readonly usesNow: boolean;
}

/** A filter, ready to be asked. */
export interface FilterProgram extends IncludedAudience {
  /** FROM. */
  readonly table?: string;
  /** ALIAS. */
  readonly alias?: string;
  /** The top-level profile fields it reads, those of included audiences too; `undefined` where that may be any. */
  readonly fields: readonly string[] | undefined;
  /** The audiences that it names itself, each once. */
  readonly includes: readonly string[];
}

/** A profile as expressions see it. */
class ProfileScope implements Scope {
  profile: FilteredProfile | LazyProfile = {};
  context: FilterContext = { now: NaN };

  get at(): number {
    return this.context.now;
  }

  get(name: string): JsonValue | undefined {
    const { profile } = this;
    if (profile instanceof LazyProfile) return profile.get(name);
    return Object.hasOwn(profile, name) ? profile[name] : undefined;
  }

  time(name: string): number {
    return this.profile instanceof LazyProfile ? this.profile.time(name) : NaN;
  }

  names(): Iterable<string> {
    return this.profile instanceof LazyProfile ? this.profile.names() : Object.keys(this.profile);
  }
}

/**
 * Compiles a filter. `resolveInclude` gives the audience that a slug or id names; `known` the slugs that an unknown one
 * is compared with. Throws a `Failure` of kind `config` at the place of the first thing that is wrong: an audience or
 * function that is not known, arguments, types. Cycles are for the caller to refuse beforehand: {@linkcode findCycle}.
 */
export function compileFilter(
  filter: Filter,
  resolveInclude: (slug: string) => IncludedAudience | undefined,
  known: () => Iterable<string> = () => [],
): FilterProgram {
  const scope = new ProfileScope();
  const included = new Map<string, IncludedAudience>();
  const compilation = new Compilation((node) => {
    const audience = included.get(node.slug) ?? resolveInclude(node.slug);
    if (audience === undefined) {
      const meant = nearest(node.slug, known());
      throw faultOf(
        node,
        `audience "${node.slug}" does not exist`,
        meant === undefined ? "INCLUDE takes the slug or id of an audience" : `Did you mean ${meant}?`,
      );
    }
    included.set(node.slug, audience);
    return () => audience.matches(scope.profile, scope.context);
  });
  const holds = compilation.condition(filter.phrase);
  const audiences = [...included.values()];
  const { table, alias } = filter;
  return {
    ...table !== undefined && { table },
    ...alias !== undefined && { alias },
    fields: compilation.readsAll || audiences.some(({ fields }) => fields === undefined)
      ? undefined
      : [...new Set([...compilation.fields, ...audiences.flatMap(({ fields }) => fields ?? [])])].sort(),
    includes: [...included.keys()],
    usesNow: compilation.usesNow || audiences.some(({ usesNow }) => usesNow),
    matches(profile, context) {
      scope.profile = profile;
      scope.context = context;
      return holds(scope);
    },
  };
}

/** The slugs and ids that a filter INCLUDEs, each once, without compiling it. */
export function includesOf(filter: Filter): readonly string[] {
  return [...new Set(includesIn(filter.phrase).map(({ slug }) => slug))];
}

/**
 * A cycle that begins and ends with `slug`, `["a", "b", "a"]` for instance, or `undefined`. `includesOf` gives what an
 * audience includes, nothing for a list; it must name audiences in one way, by slug or by id.
 */
export function findCycle(
  slug: string,
  includesOf: (slug: string) => readonly string[],
): readonly string[] | undefined {
  const cameFrom = new Map<string, string>();
  const waiting = [slug];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    for (const next of includesOf(at)) {
      if (next === slug) {
        const path = [slug];
        for (let step: string | undefined = at; step !== undefined && step !== slug; step = cameFrom.get(step)) {
          path.push(step);
        }
        return [...path, slug].reverse();
      }
      if (cameFrom.has(next)) continue;
      cameFrom.set(next, at);
      waiting.push(next);
    }
  }
  return undefined;
}
