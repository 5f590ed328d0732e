import { expect, test } from "vitest";
import { applyEdits, diffLines, diffWords, editsBetween } from "./differences";

test("two texts that are alike differ nowhere", () => {
  expect(diffLines("a\nb", "a\nb").every((part) => part.same)).toBe(true);
});

test("every line of both texts is in the comparison", () => {
  const [mine, theirs] = ["a\nx\nb\nc", "a\nb\ny\nz\nc"];
  const parts = diffLines(mine, theirs);
  const side = (whose: "mine" | "theirs") => parts.flatMap((part) => (part.same ? part.lines : part[whose])).join("\n");
  expect(side("mine")).toBe(mine);
  expect(side("theirs")).toBe(theirs);
});

test("by words, the unchanged ones around a change stay unmarked", () => {
  const changed = diffWords("the old ship sailed", "the new ship sailed").filter((part) => !part.same);
  expect(changed).toEqual([{ same: false, mine: ["old"], theirs: ["new"] }]);
});

test("an edit is no larger than the words that changed", () => {
  expect(editsBetween("One.\n\nThe old ship sailed.", "One.\n\nThe new ship sailed.")).toEqual([
    { from: 10, to: 13, insert: "new" },
  ]);
});

test("the edits between two texts make the one of the other, whatever is in them", () => {
  const texts = [
    "",
    "a",
    "a\n",
    "\n\na b\r\n",
    "👩‍👩‍👧 e\u0301 é",
    "one two\n\nthree\n",
    "three\n\none two",
    "x".repeat(50),
  ];
  for (const before of texts)
    for (const after of texts) expect(applyEdits(before, editsBetween(before, after))).toBe(after);
});
