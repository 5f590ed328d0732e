import { expect, test } from "vitest";
import examples from "../../../tests/domain/text/words.json";
import { ellipsize, graphemesOf, truncate, wordCount, wordsOf } from "./segmentation";

test.each(examples)("words are what the server counts: $name", ({ text, words }) => {
  expect(wordsOf(text)).toEqual(words);
  expect(wordCount(text)).toBe(words.length);
});

test("a text is cut between the signs that a reader sees, never inside one", () => {
  const text = "👨‍👩‍👧‍👦🇩🇪क्षिe\u0301👍🏽กำ";
  const signs = ["👨‍👩‍👧‍👦", "🇩🇪", "क्षि", "e\u0301", "👍🏽", "กำ"];
  expect(graphemesOf(text)).toEqual(signs);
  for (let most = 0; most <= signs.length; most += 1) expect(truncate(text, most)).toBe(signs.slice(0, most).join(""));
  expect(ellipsize(text, 6)).toBe(text);
  expect(ellipsize(text, 3)).toBe("👨‍👩‍👧‍👦🇩🇪…");
});
