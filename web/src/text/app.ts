/** Words of the page's frame: the bar, the start, the keyboard help, and what is shown after a failure. */

import { general } from "./general";

export const app = {
  openTree: "Open the tree",
  closeTree: "Close the tree",
  startLink: "ReYNa Studio, start",
  findOrDo: "Find or do anything",
  buckets: "Buckets",
  trash: "Trash",
  sections: "Sections",
  messages: "Messages",
  pageTitle: (name: string) => `${name} · ${general.productName}`,
  withKeys: (name: string, keys: string) => `${name} (${keys})`,
  openingStudio: "Opening the studio…",
  studioSilent: "The studio does not answer. Trying again…",
  offline: "Offline. Changes from elsewhere arrive when the line is back.",
  originRefused: "This address is not one the studio accepts connections from.",
  tooManyWindows: "Too many windows are open for this account. Close one and reload.",
  storageFull:
    "The studio's disk is nearly full. You can read everything; text that you write is kept here and saved as soon as there is room again.",

  welcome: "Welcome, {name}",
  whatToWorkOn: "What would you like to work on?",
  threeSteps: "Three steps to your first page:",
  stepBook: "{strong}, or anything else that holds work: an album, a course, a journal.",
  stepBookStrong: "Make a book",
  stepChapter: "{strong} and write a short note in it: what happens, in a few sentences.",
  stepChapterStrong: "Add a chapter",
  stepExpand: "{strong} The prose appears beside your note as it is written. Your note stays as it is.",
  stepExpandStrong: "Expand it.",
  chooseBucket: "Choose a bucket in the tree, or press {keys} and type a few letters of its name.",
  makeFirstBook: "Make your first book",
  newBook: "New book",

  keyboard: "Keyboard",
  shortcuts: [
    ["Ctrl K", "Find a bucket, or do anything"],
    ["↑ ↓", "Walk through the tree"],
    ["→ ←", "Open and close a bucket in the tree"],
    ["Enter", "Show the bucket"],
    ["Alt ↑ ↓", "Move a bucket among its neighbours"],
    ["Alt → ←", "Move a bucket into the one above it, or out of its parent"],
    ["F2", "Rename"],
    ["Ins", "New bucket inside"],
    ["Del", "Move a bucket to the trash"],
    ["Ctrl Z", "Undo the last change of the tree, from whatever device (in a text: of the text)"],
    ["Ctrl Shift Z", "Do it again"],
    ["Ctrl Enter", "In a note: expand it"],
  ] as const satisfies readonly (readonly [keys: string, action: string])[],

  pageFailed: "Something went wrong",
  paneFailed: "This part of the page cannot be shown",
  failureExplained: "This is a fault of the page. Your texts are safe: what is not saved yet is kept on this computer.",
  reloadPage: "Reload the page",
};
