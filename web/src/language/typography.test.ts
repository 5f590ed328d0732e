import { expect, test } from "vitest";
import { smartInput } from "./typography";

/** Types a text character by character. */
function type(text: string, language: string): string {
  let line = "";
  for (const typed of text) {
    const smart = smartInput(line, typed, language);
    line = smart ? line.slice(0, line.length - smart.remove) + smart.insert : line + typed;
  }
  return line;
}

test.each([
  ["en", `"It's late," she said. "Don't."`, "“It’s late,” she said. “Don’t.”"],
  ["en", `("Now")`, "(“Now”)"],
  ["en", `"'Go,' he said."`, "“‘Go,’ he said.”"],
  ["en", "He ran--and fell...", "He ran—and fell…"],
  ["en-GB", `*"Now"*`, "*“Now”*"],
  ["de", `"Nein", sagte sie -- und ging.`, "„Nein“, sagte sie – und ging."],
  ["de", "Das war's --- vorbei.", "Das war’s — vorbei."],
  ["de-CH", `"Nein"`, "«Nein»"],
  ["fr", `"Non"`, "«\u202fNon\u202f»"],
  ["da", `"Nej"`, "»Nej«"],
  ["sv", `"Nej"`, "”Nej”"],
  ["tlh", `"HIja'"`, "“HIja’”"],
])("in %s, %s becomes what a typesetter would set", (language, typed, set) => {
  expect(type(typed, language)).toBe(set);
});

test("lists and scene breaks stay as they are typed", () => {
  for (const line of ["---", "- one", "  --", "* * *"]) expect(type(line, "en")).toBe(line);
});
