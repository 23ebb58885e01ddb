/**
 * `LIKE "with * wildcards"`.
 *
 * @module
 */

/**
 * Whether a text fits a pattern as a whole: `*` stands for any characters or none, `\*` for itself. Case counts. Takes
 * time that grows with the text's length alone: the parts between wildcards are found from left to right, and none is
 * looked for twice.
 */
export function likePattern(pattern: string): (text: string) => boolean {
  const parts: string[] = [];
  let part = "";
  for (let i = 0; i < pattern.length; i++) {
    const escaped = pattern[i] === "\\" && (pattern[i + 1] === "*" || pattern[i + 1] === "\\");
    if (pattern[i] === "*") {
      parts.push(part);
      part = "";
    } else part += pattern.charAt(escaped ? ++i : i);
  }
  parts.push(part);
  const first = parts[0] ?? "";
  if (parts.length === 1) return (text) => text === first;
  const last = parts[parts.length - 1] ?? "";
  const middle = parts.slice(1, -1).filter((part) => part !== "");
  return (text) => {
    if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false;
    const end = text.length - last.length;
    let from = first.length;
    for (const part of middle) {
      const at = text.indexOf(part, from);
      if (at < 0 || at + part.length > end) return false;
      from = at + part.length;
    }
    return from <= end;
  };
}
