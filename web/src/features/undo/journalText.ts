/** Describes the entries of the journal. */

import type { JournalEntry } from "../../api/types";
import { text } from "../../text";

/** The present names of records, as far as this page knows them. */
export interface NameLookup {
  bucket(id: string): string | undefined;
  note(id: string): string | undefined;
}

/** Returns what was done, in the past tense: "moved “Storm”". */
export function describeEntry(entry: JournalEntry, names: NameLookup): string {
  if (entry.act === "bulk") return text.undo.bulk(entry.count);
  return text.undo.acts[entry.act](bucketName(entry, names), noteName(entry, names));
}

/** Returns a message of the server with names in place of the ids that are in it. */
export function withNames(message: string, names: NameLookup): string {
  const named = (name: string | undefined, unknown: string) => (name === undefined ? unknown : text.undo.quoted(name));
  return message
    .replace(/\b(?:blob )?(blob-[0-9a-z]+)/gi, (_, id: string) => named(names.note(id), text.undo.aNote))
    .replace(/\b(?:bucket )?(bucket-[0-9a-z]+)/gi, (_, id: string) => named(names.bucket(id), text.undo.aBucket))
    .replace(/^\p{Ll}/u, (letter) => letter.toUpperCase());
}

function bucketName(entry: JournalEntry, names: NameLookup): string {
  const name = entry.name ?? (entry.bucket_id === null ? undefined : names.bucket(entry.bucket_id));
  return name === undefined ? text.undo.aBucket : text.undo.quoted(name);
}

function noteName(entry: JournalEntry, names: NameLookup): string {
  const name = entry.blob_id === null ? undefined : names.note(entry.blob_id);
  return name ? text.undo.quoted(name) : text.undo.aNote;
}
