/** Compares two texts that grew from one, by lines and by words. */

import { segmentsOf } from "./segmentation";

/** A run of lines that both have, or that one has in place of the other's. */
export type DiffPart = { same: true; lines: string[] } | { same: false; mine: string[]; theirs: string[] };

/** A piece of a text from one position up to another, and what stands there instead. */
export interface TextEdit {
  from: number;
  to: number;
  insert: string;
}

const MAX_TABLE_CELLS = 4_000_000; // beyond it (2,000 changed lines on each side) the middle counts as one change

/** Compares two texts by lines. */
export function diffLines(mine: string, theirs: string): DiffPart[] {
  return diff(mine.split("\n"), theirs.split("\n"));
}

/** Compares two texts by words and what stands between them; joined with nothing between, they are the text again. */
export function diffWords(mine: string, theirs: string): DiffPart[] {
  return diff(segmentsOf(mine), segmentsOf(theirs));
}

/** Returns the smallest edits by whole words that make one text of the other, in order. */
export function editsBetween(before: string, after: string): TextEdit[] {
  if (before === after) return [];
  const edits: TextEdit[] = [];
  let at = 0;
  for (const part of diff(linesWithEnds(before), linesWithEnds(after))) {
    if (part.same) at += lengthOf(part.lines);
    else at = addWordEdits(edits, at, part.mine.join(""), part.theirs.join(""));
  }
  return edits;
}

/** Adds the edits of a few changed lines that begin at this position; returns where they end. */
function addWordEdits(edits: TextEdit[], start: number, before: string, after: string): number {
  let at = start;
  for (const word of diffWords(before, after)) {
    const length = lengthOf(word.same ? word.lines : word.mine);
    if (!word.same) edits.push({ from: at, to: at + length, insert: word.theirs.join("") });
    at += length;
  }
  return at;
}

/** Returns the text after these edits, which are in order and do not overlap. */
export function applyEdits(text: string, edits: readonly TextEdit[]): string {
  let [result, at] = ["", 0];
  for (const { from, to, insert } of edits) {
    result += text.slice(at, from) + insert;
    at = to;
  }
  return result + text.slice(at);
}

function linesWithEnds(text: string): string[] {
  return text.split(/(?<=\n)/);
}

function lengthOf(pieces: readonly string[]): number {
  return pieces.reduce((sum, piece) => sum + piece.length, 0);
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
