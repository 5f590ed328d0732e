import { expect, test } from "vitest";
import { matchesSchema } from "./schemaPatterns";

test("a processor takes the schemas that it names, and those that its patterns match", () => {
  expect(matchesSchema("text-input-v1", "text-input-v1")).toBe(true);
  expect(matchesSchema("text-input-v1", "text-input-v12")).toBe(false);
  expect(matchesSchema("text-input-v*", "text-input-v12")).toBe(true);
  expect(matchesSchema("text-*-v1", "text-input-v1")).toBe(true);
  expect(matchesSchema("text-*-v1", "text-v1")).toBe(false);
  expect(matchesSchema("*", "image-v1")).toBe(true);
});
