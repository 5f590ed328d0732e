/** Groups the revisions of a note for its history: by day, and by writing session. */

import type { Revision } from "../../api/types";
import { text } from "../../text";

const SESSION_GAP_MS = 5 * 60_000; // without a save; who writes is saved every few seconds

/** The saves of one session: the newest revision stands for it. */
export interface WritingSession {
  readonly newest: Revision;
  readonly older: readonly Revision[];
}

export interface Day {
  /** The date in the reader's calendar, `2026-05-17`. */
  readonly date: string;
  readonly sessions: readonly WritingSession[];
}

/** Groups revisions, newest first. What has a name, came too late or was not written by hand stands by itself. */
export function groupByDay(revisions: readonly Revision[]): Day[] {
  const days: { date: string; sessions: { newest: Revision; older: Revision[] }[] }[] = [];
  let last: Revision | undefined;
  for (const revision of revisions) {
    const date = calendarDate(new Date(revision.created_at));
    const day = days.at(-1);
    if (day?.date !== date) days.push({ date, sessions: [{ newest: revision, older: [] }] });
    else if (last && isSameSession(last, revision)) day.sessions.at(-1)?.older.push(revision);
    else day.sessions.push({ newest: revision, older: [] });
    last = revision;
  }
  return days;
}

function isSameSession(newer: Revision, older: Revision): boolean {
  const gap = Date.parse(newer.created_at) - Date.parse(older.created_at);
  return isPlain(newer) && isPlain(older) && gap < SESSION_GAP_MS;
}

function isPlain(revision: Revision): boolean {
  return revision.author_kind === "user" && !revision.conflict && revision.name === null;
}

/** Returns how a revision came about: "Written", "Made by text-expansion", "Refused save". */
export function describeOrigin({ author, author_kind, conflict }: Revision): string {
  if (conflict) return text.notes.lateSaveOrigin;
  return author_kind === "processor" ? text.notes.madeBy(author) : text.notes.origins[author_kind];
}

/** Returns what identifies a revision in a request: the id of a late save, whose number is that of another. */
export function revisionKey(revision: Revision): number | string {
  return revision.conflict ? revision.id : revision.number;
}

/** Returns "Today", "Yesterday", or the date. */
export function formatDay(date: string, now: Date): string {
  const yesterday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
  if (date === calendarDate(now)) return text.notes.today;
  if (date === calendarDate(yesterday)) return text.notes.yesterday;
  const [year = 0, month = 1, day = 1] = date.split("-").map(Number);
  return new Date(year, month - 1, day).toLocaleDateString("en", { day: "numeric", month: "long", year: "numeric" });
}

function calendarDate(at: Date): string {
  const twoDigits = (part: number) => String(part).padStart(2, "0");
  return `${at.getFullYear()}-${twoDigits(at.getMonth() + 1)}-${twoDigits(at.getDate())}`;
}
