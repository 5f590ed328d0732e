/** What an entry of the journal says was done, in words. */

import type { ActName, JournalEntry } from "./nouns";

/** What things are called now, as far as this page knows. */
export interface Names {
  bucket(id: string): string | undefined;
  note(id: string): string | undefined;
}

/** In the past tense, to stand behind "Undone:". */
export function actInWords(entry: JournalEntry, names: Names): string {
  if (entry.act === "bulk") return `${entry.count ?? 0} changes that were made as one`;
  return SAID[entry.act](bucketOf(entry, names), noteOf(entry, names));
}

const SAID: Record<Exclude<ActName, "bulk">, (bucket: string, note: string) => string> = {
  create_bucket: (bucket) => `made ${bucket}`,
  copy_bucket: (bucket) => `made the copy ${bucket}`,
  change_bucket: (bucket) => `changed ${bucket}`,
  move_bucket: (bucket) => `moved ${bucket}`,
  place_blob: (bucket, note) => `placed ${note} in ${bucket}`,
  take_out: (bucket, note) => `took ${note} out of ${bucket}`,
  trash_blob: (_, note) => `moved ${note} to the trash`,
  trash_bucket: (bucket) => `moved ${bucket} to the trash`,
  restore_blob: (_, note) => `restored ${note}`,
  restore_bucket: (bucket) => `restored ${bucket}`,
};

function bucketOf(entry: JournalEntry, names: Names): string {
  const name = entry.name ?? (entry.bucket_id === null ? undefined : names.bucket(entry.bucket_id));
  return name === undefined ? "a bucket" : `“${name}”`;
}

function noteOf(entry: JournalEntry, names: Names): string {
  const text = entry.blob_id === null ? undefined : names.note(entry.blob_id);
  return text ? `“${text}”` : "a note";
}
