/** The outline of a bucket: a row for each of its child buckets, with the words of all below it. */

import { contentOf, NOTE_SCHEMA } from "../../../api/blobContent";
import type { ContentsItem } from "../../../api/types";
import { firstLine, wordCount } from "../../../language/segmentation";
import type { Branch } from "../forest";

const MAX_FIRST_LINE = 120; // graphemes

export interface OutlineRow {
  id: string;
  name: string;
  type: string;
  /** The number of a chapter. */
  number: number | null;
  /** The bucket's synopsis, or else the first line of its first note. */
  firstLine: string;
  words: number;
  notes: number;
  target: number | null;
}

export type OutlineOrder = "position" | "name" | "words" | "notes" | "progress";

/** Builds the rows of the child buckets from all that is in them, in reading order. */
export function buildOutline(
  branch: Branch,
  contents: readonly ContentsItem[],
  numbers: ReadonlyMap<string, number>,
): OutlineRow[] {
  const rows = new Map(branch.children.map((child) => [child.id, emptyRow(child, numbers)]));
  const childOf = new Map(branch.children.map(({ id }) => [id, id])); // bucket -> the child that it is in
  for (const item of contents) {
    const childId = childOf.get(item.parent_bucket_id ?? "") ?? childOf.get(item.bucket?.id ?? "");
    const row = childId === undefined ? undefined : rows.get(childId);
    if (!row) continue;
    if (item.bucket) childOf.set(item.bucket.id, row.id);
    addToRow(row, item);
  }
  return [...rows.values()];
}

function emptyRow({ id, name, type }: Branch, numbers: ReadonlyMap<string, number>): OutlineRow {
  return { id, name, type, number: numbers.get(id) ?? null, firstLine: "", words: 0, notes: 0, target: null };
}

function addToRow(row: OutlineRow, { bucket, blob }: ContentsItem): void {
  if (bucket?.id === row.id) describeBucket(row, bucket.metadata ?? {});
  if (blob?.schema_id === NOTE_SCHEMA) addNote(row, contentOf(blob));
}

function describeBucket(row: OutlineRow, { target_words: target, synopsis }: Record<string, unknown>): void {
  if (typeof target === "number" && target > 0) row.target = target;
  if (typeof synopsis === "string") row.firstLine = firstLine(synopsis, MAX_FIRST_LINE);
}

function addNote(row: OutlineRow, content: string): void {
  row.notes += 1;
  row.words += wordCount(content);
  row.firstLine ||= firstLine(withoutHeading(content), MAX_FIRST_LINE);
}

/** A heading only repeats the name. */
function withoutHeading(content: string): string {
  return content.replace(/^\s*#{1,6} [^\n]*\n/, "");
}

/** Returns the rows in another order; equal ones stay as they stand in the book. */
export function sortOutline(rows: readonly OutlineRow[], order: OutlineOrder, isDescending: boolean): OutlineRow[] {
  const sorted = [...rows];
  if (order === "name") sorted.sort((one, other) => one.name.localeCompare(other.name));
  else if (order !== "position") sorted.sort((one, other) => amountOf(one, order) - amountOf(other, order));
  return isDescending ? sorted.reverse() : sorted;
}

function amountOf(row: OutlineRow, order: "words" | "notes" | "progress"): number {
  return order === "progress" ? (row.target ? row.words / row.target : 0) : row[order];
}
