/** Names and describes what is in the trash. */

import { NOTE_SCHEMA, textOf } from "../../api/blobContent";
import type { TrashItem } from "../../api/types";
import { firstLine } from "../../language/segmentation";
import { text } from "../../text";
import { formatBucketsAndTexts } from "../../text/quantities";

const MAX_NAME_LENGTH = 80; // graphemes

/** Returns a bucket's name or the first line of a blob. */
export function trashItemName({ bucket, blob }: TrashItem): string {
  return bucket?.name ?? (firstLine(blob ? textOf(blob) : "", MAX_NAME_LENGTH) || text.general.emptyNote);
}

export function trashItemKind({ bucket, blob }: TrashItem): string {
  if (bucket) return bucket.type;
  return blob?.schema_id === NOTE_SCHEMA ? text.trash.note : (blob?.schema_id ?? text.trash.text);
}

/** Returns ", with 2 buckets and 5 texts"; empty for a blob, in which nothing else is. */
export function describeContents({ kind, bucket_count, blob_count }: TrashItem): string {
  if (kind === "blob") return "";
  const contents = formatBucketsAndTexts(bucket_count - 1, blob_count);
  return contents ? text.trash.withContents(contents) : text.trash.withoutContents;
}
