import { expect, test } from "vitest";
import { formatKeys } from "./keys";

test("keys are called as they are on the machine that is used", () => {
  expect(formatKeys("Ctrl Shift Z", "Linux x86_64")).toBe("Ctrl Shift Z");
  expect(formatKeys("Ctrl Shift Z", "MacIntel")).toBe("⌘ ⇧ Z");
});
