/** Counts the words of a text that is being written: only lines that are new are counted again. */

import { wordCount } from "./segmentation";

/** Returns a counter with a memory of the lines of the last text. No word goes on from one line to the next. */
export function createWordCounter(): (text: string) => number {
  let known = new Map<string, number>();
  return (text) => {
    const next = new Map<string, number>();
    let sum = 0;
    for (const line of text.split("\n")) {
      const count = next.get(line) ?? known.get(line) ?? wordCount(line);
      next.set(line, count);
      sum += count;
    }
    known = next;
    return sum;
  };
}
