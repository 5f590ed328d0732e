/** What becomes of a file in a bucket, by its media type: a note, an image, or audio. */

import { NOTE_SCHEMA } from "../../api/blobContent";

export const IMAGE_SCHEMA = "image-v1";
export const STEM_SCHEMA = "audio-stem-v1";
export const MASTER_SCHEMA = "audio-master-v1";

/** True for an image or audio, which is there to be seen and heard. */
export function isMedia({ schema_id }: { schema_id: string }): boolean {
  return [IMAGE_SCHEMA, STEM_SCHEMA, MASTER_SCHEMA].includes(schema_id);
}

/** Characters of a text that becomes one note; a blob has 4 MiB. */
export const MAX_NOTE_BYTES = 1_000_000;

export type FileKind = "note" | "image" | "audio";

const TEXT_NAME = /\.(?:md|markdown|mdown|txt|text)$/i;
const STEM_BUCKET = /stem/i;

/** Returns what a file is for; null for one that has no place in a bucket so far. A file whose type the browser does not
 * know is sent: the studio finds the type in its content. */
export function kindOfFile({ name, type }: Pick<File, "name" | "type">): FileKind | "unknown" | null {
  if (type === "text/plain" || type === "text/markdown" || TEXT_NAME.test(name)) return "note";
  if (type === "") return "unknown";
  return kindOfMedia(type);
}

/** Returns what a media type is for. */
export function kindOfMedia(type: string): Exclude<FileKind, "note"> | null {
  if (type.startsWith("image/")) return "image";
  return type.startsWith("audio/") || type === "application/ogg" ? "audio" : null;
}

/** Returns the schema of a file of this kind in a bucket of this type. */
export function schemaOf(kind: FileKind, bucketType: string): string {
  if (kind === "note") return NOTE_SCHEMA;
  if (kind === "image") return IMAGE_SCHEMA;
  return STEM_BUCKET.test(bucketType) ? STEM_SCHEMA : MASTER_SCHEMA;
}

/** Returns a title for a file of this name: "Night bus" for `night_bus.final.wav` says less than the name itself, so
 * only the ending goes. */
export function titleOfFile(name: string): string {
  return name.replace(/\.[A-Za-z0-9]{1,5}$/, "") || name;
}
