/** Words about the trash: its page, and the questions before something goes there, comes back or is deleted. */

import { formatCount } from "./quantities";

export const trash = {
  title: "Trash",
  emptyAsking: "Empty the trash…",
  unreadable: "The trash could not be read.",
  isEmpty:
    "The trash is empty. What you move here keeps its places, its order and all its versions, and comes back whole.",
  inTheTrash: "In the trash",
  showMore: "Show more",
  restore: "Restore",
  restoreName: (name: string) => `Restore ${name}`,
  deleteName: (name: string) => `Delete ${name} for good`,
  withContents: (contents: string) => `, with ${contents}`,
  withoutContents: ", empty",
  separator: " · ",
  note: "note",
  text: "text",
  justNow: "just now",
  ago: (age: string) => `${age} ago`,

  trashNoteTitle: "Move this note to the trash?",
  trashNoteExplained: (count: number | undefined) =>
    `It goes from all${count === undefined ? "" : ` ${count}`} places where it stands. To have it gone from this {type} alone, take it out.`,
  trashBucketTitle: (name: string) => `Move “${name}” to the trash?`,
  trashItTitle: "Move it to the trash?",
  notThere: "It is not there any more.",
  comesBackWhole: "Everything keeps its place, its order and all its versions, and comes back whole.",
  countFailed: "What goes along could not be counted.",
  counting: "Looking what goes along…",
  uncounted: (buckets: number) =>
    `${buckets > 0 ? `${formatCount(buckets, "bucket")} and all notes in them go along` : "All notes in it go along"}; notes that also stand elsewhere stay there.`,
  whatStays: "What stays",
  staying: (count: number) => `${count === 1 ? "One note stays" : `${count} notes stay`}, also standing elsewhere:`,
  stayingIn: "in {path}",
  stayingInAnother: "in another bucket",
  andMore: (count: number) => `and ${count} more`,

  restoreTitle: "Where shall “{name}” go?",
  restoreExplained: "The bucket it stood in is in the trash itself, or not there any more.",
  restoreInto: (name: string) => `Restore ${name} into`,

  deleteTitle: (name: string) => `Delete “${name}” for good?`,
  emptyTitle: "Empty the trash?",
  deleteExplained: "It is deleted with all that went along, and so is every version that was kept of it. {warning}",
  emptyExplained: "Everything in the trash is deleted, and so is every version that was kept of it. {warning}",
  cannotBeUndone: "This cannot be undone.",
  deleteForGood: "Delete for good",
  deleteEverything: "Delete everything for good",

  bucketTrashed: (name: string | undefined) => `Moved ${name === undefined ? "the bucket" : `“${name}”`} to the trash.`,
  bucketTrashFailed: "The bucket could not be moved to the trash.",
  bucketRestored: (name: string) => `Restored “${name}”.`,
  bucketRestoreFailed: (name: string) => `“${name}” could not be restored.`,
  blobTrashed: (isNote: boolean) => `Moved the ${isNote ? "note" : "text"} to the trash.`,
  blobTrashFailed: (isNote: boolean) => `The ${isNote ? "note" : "text"} could not be moved to the trash.`,
  noteRestored: "Restored the note.",
  noteRestoreFailed: "The note could not be restored.",
  purged: (contents: string) => `Deleted for good: ${contents}.`,
  purgeFailed: "It could not be deleted.",
};

/** What goes to the trash along with a bucket, in a sentence. */
export function describeTrashedAlong({
  buckets,
  notes,
  others,
}: Record<"buckets" | "notes" | "others", number>): string {
  const parts = [
    buckets > 0 ? formatCount(buckets, "bucket") : "",
    notes > 0 ? formatCount(notes, "note") : "",
    others > 0 ? formatCount(others, "text made of them", "texts made of them") : "",
  ].filter(Boolean);
  const last = parts.pop();
  if (last === undefined) return "Nothing else goes along.";
  return `With it ${parts.length > 0 ? `go ${parts.join(", ")} and` : "goes what it holds:"} ${last}.`;
}
