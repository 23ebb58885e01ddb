/**
 * Matches the names of an archive's entries against a pattern.
 *
 * @module
 */

/**
 * Whether `name` matches `pattern`: `*` stands for any characters but `/`, `**` for any, `?` for one that is no `/`. A
 * pattern without `/` is held against the last part of the name, as `*.csv` would be in a folder. Case counts.
 *
 * Takes time in proportion to both lengths, whatever the pattern.
 */
export function matchesGlob(name: string, pattern: string): boolean {
  if (name === pattern) return true;
  const text = pattern.includes("/") ? name : name.slice(name.lastIndexOf("/") + 1);
  const tokens = pattern.match(/\*\*|[^]/gu) ?? [];
  // Which beginnings of the text the tokens so far can match.
  let reached = [true, ...Array.from(text, () => false)];
  const characters = Array.from(text);
  for (const token of tokens) {
    const next = characters.map(() => false);
    next.unshift(token.startsWith("*") && reached[0] === true);
    characters.forEach((character, at) => {
      if (token === "**") next[at + 1] = reached[at + 1] === true || next[at] === true;
      else if (token === "*") next[at + 1] = reached[at + 1] === true || (next[at] === true && character !== "/");
      else if (token === "?") next[at + 1] = reached[at] === true && character !== "/";
      else next[at + 1] = reached[at] === true && character === token;
    });
    reached = next;
  }
  return reached[characters.length] === true;
}
