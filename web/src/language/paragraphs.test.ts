import { expect, test } from "vitest";
import { splitParagraphs } from "./paragraphs";

// The examples of tests/domain/text/test_paragraphs.py.
test.each([
  ["", []],
  [" \n\n ", []],
  ["One.", ["One."]],
  ["One.\n\nTwo.", ["One.", "Two."]],
  ["One,\nstill one.\n \n\t\n\nTwo.", ["One,\nstill one.", "Two."]],
  ["\n\nOne.\r\n\r\nTwo.\r\n", ["One.", "Two.\r\n"]],
  ["One.\n\n    indented", ["One.", "    indented"]],
])("the paragraphs of %j", (text, paragraphs) => {
  expect(splitParagraphs(text)).toEqual(paragraphs);
});
