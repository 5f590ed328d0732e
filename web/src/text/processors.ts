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
    `Press Expand (or ${keys} in the note), and the prose appears beside it while it is written. Your note stays as it is.`,

  demonstrationResult:
    "Written by the small demonstration model that comes with the studio. Connect a language model for real prose.",
  demonstrationHint:
    "Only the small demonstration model is there, so notes are not expanded by themselves; it takes notes of up to about 80 words. For real prose, connect a language model: reyna model use, or REYNA_LLM_URL. To have notes expanded by themselves, turn on Expand automatically in the writing settings of the page.",
  findingsTitle: "Checked against the note",
  findings: {
    missing_name: "Missing names: {words}",
    missing_number: "Missing numbers: {words}",
    missing_quote: "Missing quotations: {words}",
    new_name: "New names: {words}",
    point_of_view: "Point of view: {words}",
    tense: "Tense: {words}",
  },

  automatic: "Expand automatically",
  asIn: "as in {name}",
  asEverywhere: "as everywhere",

  notSavedYet: "The note is not saved yet, so it cannot be expanded.",
  tryInAMoment: "Try again in a moment.",
  expandFailed: "The note could not be expanded.",
  stopFailed: "It could not be stopped.",
};
