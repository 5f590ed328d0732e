/** Two texts that grew from one: where they differ by paragraph, and how they fit together again. */

/** A stretch of lines that both have, or that one has in place of the other's. */
export type Stretch = { same: true; lines: string[] } | { same: false; mine: string[]; theirs: string[] };

const LARGEST = 4_000_000; // cells of the table; beyond it (2,000 changed lines on each side) the middle counts as one change

/** By lines. */
export function compared(mine: string, theirs: string): Stretch[] {
  return alike(mine.split("\n"), theirs.split("\n"));
}

/** By words and the spaces between them: joined with nothing between, they are the text again. */
export function comparedByWords(mine: string, theirs: string): Stretch[] {
  return alike(mine.split(/(\s+)/), theirs.split(/(\s+)/));
}

/** Longest common subsequence; equal ends are cut off first, so that a small edit to a long text is cheap. */
function alike(a: string[], b: string[]): Stretch[] {
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head += 1;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a.at(-1 - tail) === b.at(-1 - tail)) tail += 1;
  const middle = between(a.slice(head, a.length - tail), b.slice(head, b.length - tail));
  const stretches: Stretch[] = [
    { same: true, lines: a.slice(0, head) },
    ...middle,
    { same: true, lines: a.slice(a.length - tail) },
  ];
  return stretches.filter((stretch) =>
    stretch.same ? stretch.lines.length : stretch.mine.length + stretch.theirs.length,
  );
}

function between(a: string[], b: string[]): Stretch[] {
  if (a.length === 0 || b.length === 0 || a.length * b.length > LARGEST) return [{ same: false, mine: a, theirs: b }];
  const lengths = commonLengths(a, b);
  const at = (i: number, j: number) => lengths[i * (b.length + 1) + j] ?? 0;
  const stretches: Stretch[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const [x, y] = [a[i], b[j]];
    if (x !== undefined && x === y) {
      sameOf(stretches).push(x);
      i += 1;
      j += 1;
    } else if (y === undefined || (x !== undefined && at(i + 1, j) >= at(i, j + 1))) {
      otherOf(stretches).mine.push(x ?? "");
      i += 1;
    } else {
      otherOf(stretches).theirs.push(y);
      j += 1;
    }
  }
  return stretches;
}

function commonLengths(a: string[], b: string[]): Uint32Array {
  const width = b.length + 1;
  const lengths = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      const [below, right] = [lengths[(i + 1) * width + j] ?? 0, lengths[i * width + j + 1] ?? 0];
      lengths[i * width + j] = a[i] === b[j] ? (lengths[(i + 1) * width + j + 1] ?? 0) + 1 : Math.max(below, right);
    }
  }
  return lengths;
}

function sameOf(stretches: Stretch[]): string[] {
  const last = stretches.at(-1);
  if (last?.same) return last.lines;
  const lines: string[] = [];
  stretches.push({ same: true, lines });
  return lines;
}

function otherOf(stretches: Stretch[]): { mine: string[]; theirs: string[] } {
  const last = stretches.at(-1);
  if (last && !last.same) return last;
  const other: Stretch = { same: false, mine: [], theirs: [] };
  stretches.push(other);
  return other;
}

/** Both texts in one. `clean` is false where both changed the same place: there, mine stands before theirs. */
export function merged(base: string, mine: string, theirs: string): { text: string; clean: boolean } {
  const [b, m, t] = [base.split("\n"), mine.split("\n"), theirs.split("\n")];
  const [inMine, inTheirs] = [keptLines(base, mine), keptLines(base, theirs)];
  const text: string[] = [];
  let clean = true;
  // From one line that all three have to the next; between two such lines is what somebody changed.
  for (let [i, j, k] = [0, 0, 0]; ; ) {
    let next = i;
    while (next < b.length && !(inMine.has(next) && inTheirs.has(next))) next += 1;
    const [toMine, toTheirs] = [inMine.get(next) ?? m.length, inTheirs.get(next) ?? t.length];
    const part = decided(b.slice(i, next), m.slice(j, toMine), t.slice(k, toTheirs));
    clean &&= part.clean;
    text.push(...part.lines);
    if (next >= b.length) return { text: text.join("\n"), clean };
    text.push(b[next] ?? "");
    [i, j, k] = [next + 1, toMine + 1, toTheirs + 1];
  }
}

function decided(was: string[], mine: string[], theirs: string[]): { lines: string[]; clean: boolean } {
  if (isSame(mine, theirs) || isSame(theirs, was)) return { lines: mine, clean: true };
  if (isSame(mine, was)) return { lines: theirs, clean: true };
  // Whoever only went on writing behind what was there changed none of it.
  const [added, addedThere] = [addedBehind(was, mine), addedBehind(was, theirs)];
  if (added && addedThere) return { lines: [...mine, ...addedThere], clean: false };
  if (added) return { lines: [...theirs, ...added], clean: true };
  if (addedThere) return { lines: [...mine, ...addedThere], clean: true };
  return { lines: [...mine, ...theirs], clean: false };
}

function addedBehind(was: string[], now: string[]): string[] | null {
  return was.length > 0 && isSame(now.slice(0, was.length), was) ? now.slice(was.length) : null;
}

function isSame(one: string[], other: string[]): boolean {
  return one.length === other.length && one.every((line, at) => line === other[at]);
}

/** Line number in the base -> line number in the text, for the lines that are still there. */
function keptLines(base: string, text: string): Map<number, number> {
  const kept = new Map<number, number>();
  let [i, j] = [0, 0];
  for (const stretch of compared(base, text)) {
    if (stretch.same) for (const _ of stretch.lines) kept.set(i++, j++);
    else [i, j] = [i + stretch.mine.length, j + stretch.theirs.length];
  }
  return kept;
}
