import { expect, test } from "vitest";
import { mergeTexts } from "./merging";

test("changes in different paragraphs fit together", () => {
  expect(mergeTexts("one\ntwo\nthree", "ONE\ntwo\nthree", "one\ntwo\nTHREE")).toEqual({
    text: "ONE\ntwo\nTHREE",
    clean: true,
    isApart: true,
  });
});

test("a change that both made is made once", () => {
  expect(mergeTexts("a\nb", "a\nB", "a\nB")).toMatchObject({ text: "a\nB", clean: true });
});

test("writing on behind a line that the other changed keeps both", () => {
  expect(mergeTexts("a", "a\n\nmore", "A")).toMatchObject({ text: "A\n\nmore", clean: true });
  expect(mergeTexts("a", "A", "a\n\nmore")).toMatchObject({ text: "A\n\nmore", clean: true });
});

test("what both changed in the same place is kept twice, mine first, and said not to be clean", () => {
  expect(mergeTexts("a\nb\nc", "a\nmine\nc", "a\ntheirs\nc")).toMatchObject({
    text: "a\nmine\ntheirs\nc",
    clean: false,
  });
  expect(mergeTexts("a", "a\nmine", "a\ntheirs")).toMatchObject({ text: "a\nmine\ntheirs", clean: false });
});

test("a paragraph that one removed is gone when the other left it alone", () => {
  expect(mergeTexts("a\nb\nc", "a\nc", "a\nb\nc\nd")).toMatchObject({ text: "a\nc\nd", clean: true });
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

test("two words of one paragraph are changed by two people, and the paragraph stands once", () => {
  const base = "The old ship sailed into the storm, and nobody had checked the pumps.";
  const mine = base.replace("old", "grey");
  const theirs = base.replace("pumps", "ropes");
  expect(mergeTexts(base, mine, theirs)).toEqual({
    text: "The grey ship sailed into the storm, and nobody had checked the ropes.",
    clean: true,
    isApart: true,
  });
});

test("edits side by side fit together, but are not merged unasked", () => {
  expect(mergeTexts("The ship", "The ship sank", "The old ship")).toEqual({
    text: "The old ship sank",
    clean: true,
    isApart: false,
  });
});

test("two words in one place keep a space between them", () => {
  expect(mergeTexts("the fox ran", "the quick fox ran", "the slow fox ran").text).toBe("the quick slow fox ran");
});
