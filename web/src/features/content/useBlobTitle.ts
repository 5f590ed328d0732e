/** What a blob is called where there is room for a line. */

import { useQuery } from "@tanstack/react-query";
import { NOTE_SCHEMA, titleOf } from "../../api/blobContent";
import type { Blob } from "../../api/types";
import { firstLine } from "../../language/segmentation";
import { useStudio } from "../../studio/context";
import { text } from "../../text";
import { describeSchema } from "../../text/processing/registry";

/** Returns the first line of a blob's text, or what kind of blob it is. */
export function lineOf(blob: Blob): string {
  const isNote = blob.schema_id === NOTE_SCHEMA;
  return firstLine(titleOf(blob)) || (isNote ? text.general.emptyNote : describeSchema(blob.schema_id));
}

/** Returns the blob's line, null for one that cannot be read, and a placeholder until it is. */
export function useBlobTitle(blobId: string, isSeen: boolean): string | null {
  const { data, isError } = useQuery({ ...useStudio().queries.blob(blobId), enabled: isSeen });
  if (isError) return null;
  return data ? lineOf(data) : text.general.unknownName;
}
