/** Reads the data of a compiled book, which an earlier version of the compiler or another processor may have made. */

import { fieldsOf } from "../../api/blobContent";
import type { Blob } from "../../api/types";

export const COMPILED_SCHEMA = "compiled-book-v1";
export const COMPILER = "book-compiler";

export interface BookFile {
  readonly id: string;
  readonly name: string;
  readonly format: string;
  readonly mediaType: string;
  readonly size: number;
}

export interface ListedChapter {
  readonly title: string;
  /** Null for a book that was made by something that does not count. */
  readonly words: number | null;
  readonly bucketId: string | null;
}

/** Chapters under the title of their part; null for those in no part. */
export interface ListedPart {
  readonly title: string | null;
  readonly chapters: readonly ListedChapter[];
}

export interface CompiledBook {
  readonly title: string;
  readonly subtitle: string;
  readonly author: string;
  readonly words: number | null;
  readonly chapterCount: number;
  readonly parts: readonly ListedPart[];
  readonly files: readonly BookFile[];
  readonly missing: readonly string[];
  readonly emptyChapters: number;
  readonly hasFrontMatter: boolean;
  readonly hasBackMatter: boolean;
  readonly textsLeftOut: boolean;
}

export function isCompiledBook(blob: Blob): boolean {
  const { title, chapters } = fieldsOf(blob.data);
  return typeof title === "string" && Array.isArray(chapters);
}

export function readCompiledBook({ data }: Pick<Blob, "data">): CompiledBook {
  const fields = fieldsOf(data);
  const chapters = listOf(fields["chapters"]).map(readChapter);
  return {
    title: textOf(fields["title"]),
    subtitle: textOf(fields["subtitle"]),
    author: textOf(fields["author"]),
    words: numberOf(fields["words"]),
    chapterCount: chapters.length,
    parts: groupChapters(chapters, listOf(fields["parts"])),
    files: readBookFiles({ data }),
    missing: listOf(fields["missing"]).map(textOf).filter(Boolean),
    emptyChapters: chapters.filter(({ words }) => words === 0).length,
    hasFrontMatter: textOf(fields["front_matter"]) !== "",
    hasBackMatter: textOf(fields["back_matter"]) !== "",
    textsLeftOut: fields["texts_left_out"] === true,
  };
}

/** Returns the files that can be downloaded. */
export function readBookFiles({ data }: Pick<Blob, "data">): BookFile[] {
  return listOf(fieldsOf(data)["files"])
    .map(readFile)
    .filter(({ id }) => id !== "");
}

function readFile(value: unknown): BookFile {
  const fields = fieldsOf(value);
  return {
    id: textOf(fields["file_id"]),
    name: textOf(fields["name"]) || textOf(fields["file_id"]),
    format: textOf(fields["format"]),
    mediaType: textOf(fields["media_type"]),
    size: numberOf(fields["size"]) ?? 0,
  };
}

function readChapter(value: unknown): ListedChapter {
  const fields = fieldsOf(value);
  return {
    title: textOf(fields["title"]),
    words: numberOf(fields["words"]),
    bucketId: textOf(fields["bucket_id"]) || null,
  };
}

/** Returns the chapters by their parts, in order; those before, between and behind the parts are in none. */
function groupChapters(chapters: readonly ListedChapter[], parts: readonly unknown[]): ListedPart[] {
  const groups: ListedPart[] = [];
  let next = 0;
  const addLoose = (end: number) => {
    if (end > next) groups.push({ title: null, chapters: chapters.slice(next, end) });
  };
  for (const part of parts.map(fieldsOf)) {
    const first = numberOf(part["first_chapter"]) ?? next;
    if (first < next) continue;
    addLoose(first);
    next = first + (numberOf(part["chapters"]) ?? 0);
    groups.push({ title: textOf(part["title"]), chapters: chapters.slice(first, next) });
  }
  addLoose(chapters.length);
  return groups;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function numberOf(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}
