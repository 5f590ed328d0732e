/** Words about expansions: the pane beside a note, and the switch for automatic expansion. */

export const processors = {
  paneOf: (note: string) => `Expansion of ${note.toLowerCase()}`,
  expansion: "Expansion",
  stop: "Stop",
  expand: "Expand",
  expandAgain: "Expand again",
  waiting: "Waiting for its turn…",
  writing: "Writing…",
  outcomes: {
    refused: "This note was not expanded.",
    failed: "The expansion failed.",
    cancelled: "Stopped.",
  },
  notShowable: "This expansion cannot be shown.",
  noteChanged: "The note has changed since this was written.",
  ratio: { name: "Ratio", meaning: "How many times as long as the note it is" },
  length: { name: "Length", meaning: "Words in the expansion" },
  readingEase: { name: "Reading ease", meaning: "Flesch reading ease: 0 is hard, 100 is easy" },
  tone: { name: "Tone", meaning: "The tone of the text" },
  model: { name: "Model", meaning: "The language model that wrote it" },
  ratioValue: (ratio: number) => `${ratio.toFixed(1)}×`,
  easeValue: (score: number, words: string) => `${Math.round(score)}, ${words}`,
  copyText: "Copy text",
  copied: "Copied the expansion.",
  copyRefused: "The browser does not allow copying here.",
  older: "Older expansion",
  newer: "Newer expansion",
  position: (number: number, count: number) => `${number} of ${count}`,
  howToExpand: (keys: string) =>
    `Press Expand (or ${keys} in the note), and the prose appears here while it is written. Your note stays as it is.`,
  writeFirst: "Write a few sentences in the note; their expansion appears here.",

  automatic: "Expand automatically",
  asIn: "as in {name}",
  asEverywhere: "as everywhere",

  notSavedYet: "The note is not saved yet, so it cannot be expanded.",
  tryInAMoment: "Try again in a moment.",
  expandFailed: "The note could not be expanded.",
  stopFailed: "It could not be stopped.",
};
