import { expect, test } from "vitest";
import { fileNameFor } from "../features/drafts/textExport";
import { diffWords } from "./differences";
import { firstLine, graphemeBoundaryBefore, graphemesOf } from "./segmentation";

const FAMILY = "👨‍👩‍👧‍👦";

test("the first line of a text ends in a whole sign", () => {
  expect(firstLine(`${FAMILY.repeat(8)}\nmore`, 5)).toBe(`${FAMILY.repeat(4)}…`);
  expect(firstLine("नमस्ते दुनिया", 3)).toBe("नम…");
  expect(firstLine("short\nmore")).toBe("short");
});

test("a file is named in the letters of its title, whole signs of them, and in bytes that fit", () => {
  expect(fileNameFor("हिन्दी में: कहानी!")).toBe("हिन्दी में कहानी.md");
  expect(fileNameFor("می\u200cخواهم ❤️")).toBe("می\u200cخواهم.md");
  expect(fileNameFor("Cafe\u0301 🇩🇪 / a")).toBe("Café a.md");
  expect(fileNameFor(FAMILY)).toBe("note.md");
  const long = fileNameFor("क्षि".repeat(80)).slice(0, -3);
  expect(graphemesOf(long).every((sign) => sign === "क्षि")).toBe(true);
  expect(new TextEncoder().encode(long).length).toBeLessThanOrEqual(240);
});

test("a comparison by words never parts a sign, and shows the word that changed in a text without spaces", () => {
  const [mine, theirs] = [`a ${FAMILY} \u0301b กำ`, "a 👨‍👩‍👧 b กำ"];
  for (const stretch of diffWords(mine, theirs)) {
    const texts = stretch.same ? [stretch.lines] : [stretch.mine, stretch.theirs];
    for (const pieces of texts) expect(pieces.join("")).not.toMatch(/^(?:\p{M}|\p{Emoji_Modifier}|\u200d)/u);
  }
  const changed = diffWords("ภาษาไทยง่าย", "ภาษาไทยยาก").filter((part) => !part.same);
  expect(changed).toEqual([{ same: false, mine: ["ง่าย"], theirs: ["ยาก"] }]);
});

test("a cursor stands between signs", () => {
  expect([0, 1, 5, 11, 12, 13].map((at) => graphemeBoundaryBefore(`${FAMILY}ab`, at))).toEqual([0, 0, 0, 11, 12, 13]);
});
