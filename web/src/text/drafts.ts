/** Words about text that is not saved yet, or was set aside. */

export const drafts = {
  saved: "Saved",
  nothingToSave: "Nothing to save yet",
  saving: "Saving…",
  savingSince: (unsaved: string) => `Saving… ${unsaved}`,
  offline: (unsaved: string) => `Offline, ${unsaved}`,
  twoVersions: (unsaved: string) => `Two versions, ${unsaved}`,
  notSaved: (unsaved: string) => `Not saved, ${unsaved}`,
  unsavedFor: (age: string) => `${age} unsaved`,
  details: "How this note stands",
  version: (number: number) => `Version ${number}`,
  tryAgainNow: "Try again now",
  saveAsNew: "Save as a new note",

  storedHere: "Your text is kept on this computer, even when you close the window.",
  storageFull:
    "This browser's storage is full: your text is in this window alone. Copy or download it before you close it.",
  explainSaved: "The studio has all of it. Every version is kept.",
  explainSaving: (stored: string) => `On its way to the studio. ${stored}`,
  explainOffline: (detail: string, stored: string) => `${detail} It is tried again by itself. ${stored}`,
  explainConflict: (stored: string) =>
    `This note was changed elsewhere while you were writing. Both texts are safe. ${stored}`,
  explainRefused: (detail: string, stored: string) => `The studio did not take it: ${detail} ${stored}`,

  copy: "Copy",
  copied: "Copied",
  copyRefused: "Copying is not allowed here",
  download: "Download",

  badge: (count: number, age: string) => `${count} unsaved, oldest ${age}`,
  title: "Unsaved and set-aside texts",
  nothing: "Everything you wrote is saved, and nothing is set aside.",
  unsaved: "Unsaved",
  setAside: "Set aside",
  setAsideHere: "Set aside on this computer",
  reasonAndTime: (reason: string, time: string) => `${reason}, ${time}`,
  discard: "Throw away",
  downloadAll: "Download all",
  emptyText: "An empty text",
  open: "Open",

  browserFull: "This browser's storage is full: copy what you set aside.",
  unsavedAtTrash: "Unsaved when it was moved to the trash",
  unsavedWithNote: "Unsaved when its note went to the trash",
  replacedByMerge: "Replaced when two versions of a note were merged",
  trashedElsewhere: "This note was moved to the trash on another device.",
  restoreNote: "Restore the note",
  mergedIn: "A change from elsewhere was merged into what you are writing.",
  leftByWindow: "Left unsaved by another window",
};
