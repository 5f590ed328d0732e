/** Words about writing: the settings of the editor, and finding in a chapter. */

import { formatCount } from "../quantities";

export const writing = {
  title: "Writing settings",
  isFocused: "Focus: dim all but this paragraph",
  isTypewriter: "Typewriter: keep the line in the middle",
  isSmart: "Set quotation marks and dashes",
  isSpellChecked: "Check spelling",
  language: "Language of the text",
  font: "Typeface",
  fonts: { serif: "Literata", sans: "Source Sans", mono: "Typewriter" },
  size: "Size",
  pixels: (size: number) => `${size} px`,
  measure: "Line length",
  measures: { narrow: "Narrow", normal: "Normal", wide: "Wide" },

  find: "Find in this chapter",
  findLabel: "Find",
  replaceLabel: "Replace with",
  matchCase: "Match case",
  wholeWords: "Whole words",
  nextMatch: "Next match",
  previousMatch: "Previous match",
  replace: "Replace",
  replaceAll: "Replace all",
  noMatches: "No matches",
  position: (number: number, count: number) => `${number} of ${count.toLocaleString("en")}`,
  replacedAll: (count: number, notes: number) =>
    `Replaced ${formatCount(count, "match", "matches")} in ${formatCount(notes, "note")}.`,
  undoReplace: "Undo",

  words: (count: string) => `${count} in all`,
  wordsOfTarget: (count: string, target: string) => `${count} of ${target}`,
  setTarget: "Set a target",
  target: "Target in words",
  targetFailed: "The target could not be set.",
};
