import { expect, test } from "vitest";
import names from "../../../tests/domain/text/folding.json";
import { foldForSearch } from "./folding";

test.each(names)("names are searched as on the server: $name", ({ text, folded }) => {
  expect(foldForSearch(text)).toBe(folded);
  expect(foldForSearch(folded)).toBe(folded);
});
