/** Words about templates: the gallery, the choices, and saving a bucket as one. */

import { formatBucketsAndTexts, formatCount } from "../quantities";

export const templates = {
  begin: "Begin with a template",
  beginAsking: "Begin with a template…",
  beginInside: (name: string) => `Begin with a template in ${name}…`,
  beginIn: "Begin with a template in {name}",
  gallery: "Templates",
  ofTheStudio: "From the studio",
  yourOwn: "Your own",
  unreadable: "The templates could not be read.",
  reading: "Reading the templates…",
  explained: "Everything is made at once, and one undo takes it back. Change, move and remove what you like.",
  makes: (buckets: number, texts: number) => formatBucketsAndTexts(buckets, texts),
  back: "All templates",
  name: "Name",
  bounds: (minimum: number, maximum: number) => `${minimum} to ${maximum}`,
  create: "Create",
  createFailed: "It could not be made.",
  created: (name: string) => `Made “${name}” of a template.`,
  preview: "What it makes",
  times: (times: number) => `× ${times.toLocaleString("en")}`,
  more: (count: number) => `and ${count.toLocaleString("en")} more`,
  import: "Import a file",
  importTooLarge: "This file is larger than a template may be.",
  importUnreadable: "This file is not a template.",
  importFailed: "The file could not be imported.",
  imported: (name: string) => `Imported “${name}”.`,
  export: "Save as a file",
  exportFailed: "It could not be saved as a file.",
  remove: "Delete template",
  removed: (name: string) => `Deleted the template “${name}”.`,
  removeFailed: "The template could not be deleted.",

  saveAs: "Save as a template…",
  saveNameAs: (name: string) => `Save ${name} as a template…`,
  saveTitle: "Save {name} as a template",
  saveExplained:
    "A template has the buckets in it with their types and details, as they are now. It stays as it is when the bucket changes.",
  description: "What it is good for",
  withTexts: "Take along the texts that I wrote in it",
  save: "Save template",
  saveFailed: "The template could not be saved.",
  saved: (name: string, leftOut: number) =>
    leftOut === 0
      ? `Saved the template “${name}”.`
      : `Saved the template “${name}”, without ${formatCount(leftOut, "text")} that processors made or that refer to files.`,
  use: "Use it",
};
