/** Words about files: adding them to a bucket, and showing images and audio. */

import { formatBytes } from "../quantities";

const STATES = {
  waiting: "waiting",
  sending: "",
  paused: "paused",
  storing: "almost there",
  failed: "not added",
};

export const files = {
  add: "Add files…",
  dropHere: "Drop the files to add them here: texts become notes, images and audio stand below.",
  underWay: "Files on their way",
  added: (name: string) => `Added “${name}”.`,
  progress: (status: keyof typeof STATES, sent: number, size: number) =>
    [status === "failed" ? formatBytes(size) : `${formatBytes(sent)} of ${formatBytes(size)}`, STATES[status]]
      .filter(Boolean)
      .join(", "),
  progressOf: (name: string) => `Progress of ${name}`,
  pauseName: (name: string) => `Pause ${name}`,
  resumeName: (name: string) => `Go on with ${name}`,
  retryName: (name: string) => `Try again: ${name}`,
  cancelName: (name: string) => `Stop adding ${name}`,
  dismissName: (name: string) => `Take ${name} off the list`,

  noAnswer: "The studio did not say what became of it.",
  noFolders: "Folders cannot be added; drop the files that are in them.",
  noPlace: (type: string) => `Texts, images and audio can be added; this is ${type}.`,
  textTooLong: "A text of more than 1 MB is too long for one note. Divide it into chapters.",
  isEmpty: "There is nothing in this file.",
  noText: "It cannot be read as text; save it as UTF-8.",

  imageNamed: (name: string) => `Image ${name}`,
  audioNamed: (name: string) => `Recording ${name}`,
  unnamed: "file",
};
