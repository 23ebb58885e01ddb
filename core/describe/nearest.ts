/**
 * "Did you mean": the known word that an unknown one was probably meant to be.
 *
 * @module
 */

/**
 * The candidate that is nearest to `word`, or undefined when none is near: at most one edit for every three letters
 * (an edit adds, drops, changes or swaps), or a candidate that `word` begins. Case does not count. The first of several
 * equally near ones.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const typed = word.toLowerCase();
  let best: string | undefined;
  let fewest = Math.max(1, Math.floor(typed.length / 3)) + 1;
  let begun: string | undefined;
  for (const candidate of candidates) {
    const known = candidate.toLowerCase();
    const edits = editsBetween(typed, known);
    if (edits < fewest) [best, fewest] = [candidate, edits];
    if (begun === undefined && typed.length > 1 && known.startsWith(typed)) begun = candidate;
  }
  return best ?? begun;
}

/** Damerau–Levenshtein distance, optimal string alignment. */
function editsBetween(from: string, to: string): number {
  let twoAgo: number[] = [];
  let previous = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1];
      let edits = Math.min(at(previous, column) + 1, at(current, column - 1) + 1, at(previous, column - 1) + +!same);
      const swapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (swapped) edits = Math.min(edits, at(twoAgo, column - 2) + 1);
      current.push(edits);
    }
    [twoAgo, previous] = [previous, current];
  }
  return at(previous, to.length);
}

function at(distances: readonly number[], index: number): number {
  return distances[index] ?? Infinity;
}
