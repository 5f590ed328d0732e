import { expect, test } from "vitest";
import { keysInWords } from "./keys";

test("keys are called as they are on the machine that is used", () => {
  expect(keysInWords("Ctrl Shift Z", "Linux x86_64")).toBe("Ctrl Shift Z");
  expect(keysInWords("Ctrl Shift Z", "MacIntel")).toBe("⌘ ⇧ Z");
});
