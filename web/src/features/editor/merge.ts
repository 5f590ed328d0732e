/** Compares two texts that grew from one, by lines and by words, and merges them again. */

import { segmentsOf } from "../../language/segmentation";

/** A run of lines that both have, or that one has in place of the other's. */
export type DiffPart = { same: true; lines: string[] } | { same: false; mine: string[]; theirs: string[] };

const MAX_TABLE_CELLS = 4_000_000; // beyond it (2,000 changed lines on each side) the middle counts as one change

/** Compares two texts by lines. */
export function diffLines(mine: string, theirs: string): DiffPart[] {
  return diff(mine.split("\n"), theirs.split("\n"));
}

/** Compares two texts by words and what stands between them; joined with nothing between, they are the text again. */
export function diffWords(mine: string, theirs: string): DiffPart[] {
  return diff(segmentsOf(mine), segmentsOf(theirs));
}

/** Finds the longest common subsequence. Equal ends are cut off first, so that a small edit to a long text is cheap. */
function diff(a: string[], b: string[]): DiffPart[] {
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head += 1;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a.at(-1 - tail) === b.at(-1 - tail)) tail += 1;
  const middle = diffMiddle(a.slice(head, a.length - tail), b.slice(head, b.length - tail));
  const parts: DiffPart[] = [
    { same: true, lines: a.slice(0, head) },
    ...middle,
    { same: true, lines: a.slice(a.length - tail) },
  ];
  return parts.filter((part) => (part.same ? part.lines.length : part.mine.length + part.theirs.length));
}

function diffMiddle(a: string[], b: string[]): DiffPart[] {
  if (a.length === 0 || b.length === 0 || a.length * b.length > MAX_TABLE_CELLS)
    return [{ same: false, mine: a, theirs: b }];
  const lengths = commonLengths(a, b);
  const at = (i: number, j: number) => lengths[i * (b.length + 1) + j] ?? 0;
  const parts: DiffPart[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const [x, y] = [a[i], b[j]];
    if (x !== undefined && x === y) {
      commonLines(parts).push(x);
      i += 1;
      j += 1;
    } else if (y === undefined || (x !== undefined && at(i + 1, j) >= at(i, j + 1))) {
      differingLines(parts).mine.push(x ?? "");
      i += 1;
    } else {
      differingLines(parts).theirs.push(y);
      j += 1;
    }
  }
  return parts;
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

function commonLines(parts: DiffPart[]): string[] {
  const last = parts.at(-1);
  if (last?.same) return last.lines;
  const lines: string[] = [];
  parts.push({ same: true, lines });
  return lines;
}

function differingLines(parts: DiffPart[]): { mine: string[]; theirs: string[] } {
  const last = parts.at(-1);
  if (last && !last.same) return last;
  const other: DiffPart = { same: false, mine: [], theirs: [] };
  parts.push(other);
  return other;
}

/** Merges both texts. `clean` is false where both changed the same place: there, mine stands before theirs. */
export function mergeTexts(base: string, mine: string, theirs: string): { text: string; clean: boolean } {
  const [b, m, t] = [base.split("\n"), mine.split("\n"), theirs.split("\n")];
  const [inMine, inTheirs] = [commonLineNumbers(base, mine), commonLineNumbers(base, theirs)];
  const text: string[] = [];
  let clean = true;
  // From one line that all three have to the next; between two such lines is what somebody changed.
  for (let [i, j, k] = [0, 0, 0]; ; ) {
    let next = i;
    while (next < b.length && !(inMine.has(next) && inTheirs.has(next))) next += 1;
    const [toMine, toTheirs] = [inMine.get(next) ?? m.length, inTheirs.get(next) ?? t.length];
    const change = mergeChange(b.slice(i, next), m.slice(j, toMine), t.slice(k, toTheirs));
    clean &&= change.clean;
    text.push(...change.lines);
    if (next >= b.length) return { text: text.join("\n"), clean };
    text.push(b[next] ?? "");
    [i, j, k] = [next + 1, toMine + 1, toTheirs + 1];
  }
}

function mergeChange(was: string[], mine: string[], theirs: string[]): { lines: string[]; clean: boolean } {
  if (isSame(mine, theirs) || isSame(theirs, was)) return { lines: mine, clean: true };
  if (isSame(mine, was)) return { lines: theirs, clean: true };
  // Whoever only went on writing behind what was there changed none of it.
  const [added, addedThere] = [linesAppended(was, mine), linesAppended(was, theirs)];
  if (added && addedThere) return { lines: [...mine, ...addedThere], clean: false };
  if (added) return { lines: [...theirs, ...added], clean: true };
  if (addedThere) return { lines: [...mine, ...addedThere], clean: true };
  return { lines: [...mine, ...theirs], clean: false };
}

function linesAppended(was: string[], now: string[]): string[] | null {
  return was.length > 0 && isSame(now.slice(0, was.length), was) ? now.slice(was.length) : null;
}

function isSame(one: string[], other: string[]): boolean {
  return one.length === other.length && one.every((line, at) => line === other[at]);
}

/** Maps line numbers of the base to those of the text, for the lines that are still there. */
function commonLineNumbers(base: string, text: string): Map<number, number> {
  const numbers = new Map<number, number>();
  let [i, j] = [0, 0];
  for (const part of diffLines(base, text)) {
    if (part.same) for (const _ of part.lines) numbers.set(i++, j++);
    else [i, j] = [i + part.mine.length, j + part.theirs.length];
  }
  return numbers;
}
