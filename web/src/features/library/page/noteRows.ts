/** The rows of a bucket's page: the notes of the server's list, then those that only this window knows yet. */

import { useEffect, useMemo, useRef, useSyncExternalStore } from "react";
import { EXPANSION_SCHEMA, NOTE_SCHEMA } from "../../../api/blobContent";
import type { Blob, Item } from "../../../api/types";
import { useStudio } from "../../../studio/context";
import { editorId } from "../../editor/editorProps";

export interface BucketBlobs {
  /** The ids of every blob of the bucket in order, for saying where a note goes. */
  order: string[];
  notes: Blob[];
  others: Blob[];
}

export interface NoteRowModel {
  draftKey: string;
  /** The blob to stand behind for one position higher (null: first); undefined when it cannot go higher. */
  previous: string | null | undefined;
  /** The blob to stand behind for one position lower; undefined when it cannot go lower. */
  next: string | undefined;
  placeCount: number;
}

export function sortBlobs(items: readonly Item[]): BucketBlobs {
  const all = items.flatMap((item) => (item.kind === "blob" ? [item.blob] : []));
  const notes = all.filter((blob) => blob.schema_id === NOTE_SCHEMA);
  const noteIds = new Set(notes.map(({ id }) => id));
  // An expansion stands beside its note; one whose note stands elsewhere is shown by itself.
  const isBesideNote = (blob: Blob) =>
    blob.schema_id === EXPANSION_SCHEMA && blob.parent_id !== null && noteIds.has(blob.parent_id);
  const others = all.filter((blob) => blob.schema_id !== NOTE_SCHEMA && !isBesideNote(blob));
  return { order: all.map(({ id }) => id), notes, others };
}

export function useNoteRows(bucketId: string, { order, notes }: BucketBlobs): NoteRowModel[] {
  const { drafts } = useStudio();
  const unlistedKeys = useSyncExternalStore(drafts.subscribe, () =>
    drafts
      .unlistedIn(bucketId)
      .map(({ key }) => key)
      .join(" "),
  );
  useEffect(() => {
    const ids = notes.map(({ id }) => id);
    drafts.markListed(bucketId, ids);
  }, [drafts, bucketId, notes]);
  return useMemo(() => {
    const listed = notes.map((note, index): NoteRowModel => {
      const above = notes[index - 1];
      const previous = above && (order[order.indexOf(above.id) - 1] ?? null);
      const next = notes[index + 1]?.id;
      return { draftKey: drafts.keyOf(note.id), previous, next, placeCount: note.bucket_ids.length };
    });
    const listedKeys = new Set(listed.map(({ draftKey }) => draftKey));
    const unlisted = unlistedKeys.split(" ").filter((key) => key && !listedKeys.has(key));
    return [
      ...listed,
      ...unlisted.map((draftKey) => ({ draftKey, previous: undefined, next: undefined, placeCount: 1 })),
    ];
  }, [drafts, order, notes, unlistedKeys]);
}

/** A note that was just added gets the cursor; a second press does not make a second empty one. */
export function useNewNote(bucketId: string): { newKey: string | null; addNote: () => void } {
  const { drafts } = useStudio();
  const emptyKey = useSyncExternalStore(
    drafts.subscribe,
    () => drafts.unlistedIn(bucketId).findLast((draft) => draft.blobId === null && draft.text === "")?.key ?? null,
  );
  const newestKey = useRef<string | null>(null);
  if (emptyKey) newestKey.current = emptyKey;
  const addNote = () => {
    if (emptyKey) document.getElementById(editorId(emptyKey))?.focus();
    else drafts.startNote(bucketId);
  };
  return { newKey: newestKey.current, addNote };
}
