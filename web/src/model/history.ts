/** The revisions of a note as somebody looks for one: by day, and by sitting. */

import type { AuthorKind, Revision } from "./nouns";

const SITTING = 5 * 60_000; // ms without a save that end a sitting; who writes is saved every few seconds

/** What was saved in one go: its newest revision stands for it, the older ones are `between`. */
export interface Sitting {
  readonly newest: Revision;
  readonly between: readonly Revision[];
}

export interface Day {
  /** The date as the reader's calendar has it, `2026-05-17`. */
  readonly date: string;
  readonly sittings: readonly Sitting[];
}

/** Newest first, as they come. What has a name, lost a race or was not written by hand stands by itself. */
export function byDay(revisions: readonly Revision[]): Day[] {
  const days: { date: string; sittings: { newest: Revision; between: Revision[] }[] }[] = [];
  let last: Revision | undefined;
  for (const revision of revisions) {
    const date = dateOf(new Date(revision.created_at));
    const day = days.at(-1);
    if (day?.date !== date) days.push({ date, sittings: [{ newest: revision, between: [] }] });
    else if (last && goOn(last, revision)) day.sittings.at(-1)?.between.push(revision);
    else day.sittings.push({ newest: revision, between: [] });
    last = revision;
  }
  return days;
}

function goOn(newer: Revision, older: Revision): boolean {
  const apart = Date.parse(newer.created_at) - Date.parse(older.created_at);
  return isPlain(newer) && isPlain(older) && apart < SITTING;
}

function isPlain(revision: Revision): boolean {
  return revision.author_kind === "user" && !revision.conflict && revision.name === null;
}

const AUTHORS: Record<AuthorKind, string> = {
  user: "Written",
  processor: "Made by a processor",
  import: "Imported",
  restore: "Restored",
  upgrade: "Brought to a newer schema",
};

/** How it came about: "Written", "Made by text-expansion", "Refused save". */
export function madeInWords({ author, author_kind, conflict }: Revision): string {
  if (conflict) return "Refused save";
  return author_kind === "processor" ? `Made by ${author}` : AUTHORS[author_kind];
}

/** How a revision is asked for: one that was refused by its id, since its number is that of the line. */
export function whichOf(revision: Revision): number | string {
  return revision.conflict ? revision.id : revision.number;
}

/** "Today", "Yesterday", or the date. */
export function dayInWords(date: string, now: Date): string {
  const yesterday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
  if (date === dateOf(now)) return "Today";
  if (date === dateOf(yesterday)) return "Yesterday";
  const [year = 0, month = 1, day = 1] = date.split("-").map(Number);
  return new Date(year, month - 1, day).toLocaleDateString("en", { day: "numeric", month: "long", year: "numeric" });
}

function dateOf(at: Date): string {
  const two = (part: number) => String(part).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}
