/** The numbers of chapters, which go on from one part of a book into the next. */

import type { Branch, Forest } from "./forest";

const known = new WeakMap<Forest, ReadonlyMap<string, number>>();

/** Returns the number of every chapter by its id; each book begins with 1. */
export function chapterNumbers(forest: Forest): ReadonlyMap<string, number> {
  const before = known.get(forest);
  if (before) return before;
  const numbers = new Map<string, number>();
  const visit = (branches: readonly Branch[], start: number): number => {
    let count = start;
    for (const branch of branches) {
      const type = branch.type.toLowerCase();
      if (type === "chapter") {
        count += 1;
        numbers.set(branch.id, count);
      }
      if (type === "book") visit(branch.children, 0);
      else count = visit(branch.children, count);
    }
    return count;
  };
  visit(forest.roots, 0);
  known.set(forest, numbers);
  return numbers;
}
