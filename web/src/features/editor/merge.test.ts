import { expect, test } from "vitest";
import { diffLines, diffWords, mergeTexts } from "./merge";

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

test("changes in different paragraphs fit together", () => {
  expect(mergeTexts("one\ntwo\nthree", "ONE\ntwo\nthree", "one\ntwo\nTHREE")).toEqual({
    text: "ONE\ntwo\nTHREE",
    clean: true,
  });
});

test("a change that both made is made once", () => {
  expect(mergeTexts("a\nb", "a\nB", "a\nB")).toEqual({ text: "a\nB", clean: true });
});

test("writing on behind a line that the other changed keeps both", () => {
  expect(mergeTexts("a", "a\n\nmore", "A")).toEqual({ text: "A\n\nmore", clean: true });
  expect(mergeTexts("a", "A", "a\n\nmore")).toEqual({ text: "A\n\nmore", clean: true });
});

test("what both changed in the same place is kept twice, mine first, and said not to be clean", () => {
  expect(mergeTexts("a\nb\nc", "a\nmine\nc", "a\ntheirs\nc")).toEqual({ text: "a\nmine\ntheirs\nc", clean: false });
  expect(mergeTexts("a", "a\nmine", "a\ntheirs")).toEqual({ text: "a\nmine\ntheirs", clean: false });
});

test("a paragraph that one removed is gone when the other left it alone", () => {
  expect(mergeTexts("a\nb\nc", "a\nc", "a\nb\nc\nd")).toEqual({ text: "a\nc\nd", clean: true });
});

test("no line that somebody added is ever missing from the merged text", () => {
  const lines = ["a", "b", "c", "d", "e"];
  let seed = 7;
  const dice = (sides: number) => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return seed % sides;
  };
  const edited = (whose: string) =>
    lines.flatMap((line, at) => (dice(3) === 0 ? [`${whose}${at}`, line] : dice(4) === 0 ? [`${whose}${at}`] : [line]));
  for (let round = 0; round < 300; round += 1) {
    const [mine, theirs] = [edited("m"), edited("t")];
    const { text } = mergeTexts(lines.join("\n"), mine.join("\n"), theirs.join("\n"));
    const added = [...mine, ...theirs].filter((line) => line.length > 1);
    expect(text.split("\n")).toEqual(expect.arrayContaining(added));
  }
});
