import { expect, test } from "vitest";
import { type FindQuery, findMatches, replaceMatches } from "./matches";

const query = (search: string, fields: Partial<FindQuery> = {}): FindQuery => ({
  search,
  isCaseSensitive: false,
  isWholeWords: false,
  ...fields,
});

test("what is searched for is text, not a pattern", () => {
  for (const search of ["a.b", "(", "[x]", "$&", "\\d", "a-b", "{2}", "|", "^", "/", "&&", "--"]) {
    expect(findMatches(`before ${search} after`, query(search))).toEqual([{ from: 7, to: 7 + search.length }]);
  }
});

test("whole words of any script, and capital letters, where they matter", () => {
  expect(findMatches("Meer, Meere, meer", query("meer")).length).toBe(3);
  expect(findMatches("Meer, Meere, meer", query("meer", { isWholeWords: true })).length).toBe(2);
  expect(findMatches("Meer, Meere, meer", query("meer", { isCaseSensitive: true })).length).toBe(1);
  expect(findMatches("море, морем", query("море", { isWholeWords: true })).length).toBe(1);
});

test("a straight apostrophe finds a typographic one", () => {
  expect(findMatches("Don’t. Don't.", query("don't")).length).toBe(2);
});

test("a replacement is taken as it is written", () => {
  expect(replaceMatches("a b a", query("a"), "$1$&")).toBe("$1$& b $1$&");
  expect(replaceMatches("a b a", query(""), "x")).toBe("a b a");
});
