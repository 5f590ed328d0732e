import { expect, test } from "vitest";
import { wordCount } from "./segmentation";
import { createWordCounter } from "./wordCounter";

test("a text that grows is counted as one that is read at once", () => {
  const count = createWordCounter();
  const text = "The well-\nknown ship\r\n\r\nsailed at 10:30, e.g.\nthe ship\nthe ship\n模型 很快";
  for (let end = 0; end <= text.length; end += 1) expect(count(text.slice(0, end))).toBe(wordCount(text.slice(0, end)));
});
