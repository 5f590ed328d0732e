/** Words about dead letters: runs that were given up. */

import { formatCount } from "../quantities";

export const deadLetters = {
  title: "Given up",
  list: "Runs that were given up",
  explained: "These runs failed for good. Run them again, as they were or with their text put right, or discard them.",
  isEmpty: "Nothing was given up. A run that fails for good is kept here, until you run it again or discard it.",
  unreadable: "What was given up could not be read.",
  showMore: "Show more",
  attempts: (count: number) => `after ${formatCount(count, "attempt")}`,
  givenUp: (age: string) => `given up ${age}`,
  replay: "Run again",
  replayName: (name: string) => `Run again: ${name}`,
  edit: "Edit and run again…",
  editName: (name: string) => `Edit and run again: ${name}`,
  discard: "Discard",
  discardName: (name: string) => `Discard ${name}`,
  replayAll: "Run all again",
  replayedAll: (count: number) => `${formatCount(count, "run")} started again.`,
  keptSome: (count: number) => `${count} could not be run again.`,
  replayed: "It is running again.",
  replayFailed: "It could not be run again.",
  discarded: "Discarded. The text is as it was.",
  discardFailed: "It could not be discarded.",
  editTitle: "Edit and run again",
  editExplained: "What you change becomes a new version of the text; the one before is kept in its history.",
  why: "Why it was given up",
  reading: "Reading the text…",
};
