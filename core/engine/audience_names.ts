/**
 * Slugs: what filters, commands and the entity API call an audience.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";
import { EVERYBODY } from "./audience_programs.ts";

/** FilterQL takes such a slug without quotes; digits alone are an id. */
const SLUG = /^(?!\d+$)[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/;

/** The slug, if it is one that an audience may have. Failure `config`; `conflict` for the one that is built in. */
export function checkSlug(slug: string): string {
  if (slug === EVERYBODY) {
    throw new Failure("config", `Every profile is in "${EVERYBODY}": no other audience can have that slug`, {
      code: "conflict",
      hint: "Choose another slug",
    });
  }
  if (SLUG.test(slug)) return slug;
  throw new Failure("config", `"${slug.slice(0, 100)}" cannot be the slug of an audience`, {
    hint: "Use 1 to 100 letters (a to z), digits, hyphens, dots and underscores, and not digits alone",
  });
}

/** A slug made of a name: `email_us_based` of "Email: US based". */
export function slugOf(name: string): string {
  const slug = name.normalize("NFKD").toLowerCase().replaceAll(/\p{M}/gu, "").replaceAll(/[^a-z0-9]+/g, "_")
    .replaceAll(/^_+|_+$/g, "").slice(0, 100);
  if (slug !== "") return slug;
  throw new Failure("config", `No slug can be made of the name "${name.slice(0, 100)}"`, { hint: "Give it one" });
}

/** The Failure `conflict` of a slug that another audience has. */
export function slugTaken(slug: string): Failure {
  return new Failure("config", `Another audience has the slug "${slug}"`, {
    code: "conflict",
    hint: "Choose another slug, or change the one that is there",
  });
}
