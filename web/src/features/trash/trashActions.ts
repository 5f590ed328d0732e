/** Moves buckets and notes to the trash, restores them, and deletes them for good. */

import { Problem } from "../../api/errors";
import type { Blob } from "../../api/types";
import type { ActionDependencies } from "../../studio/actionDependencies";
import type { NoticeAction } from "../../studio/notices";
import { keys } from "../../studio/queries";
import { text } from "../../text";
import { formatBucketsAndTexts } from "../../text/quantities";
import { subtreeIds, withoutBucket } from "../library/forest";

type Dependencies = Omit<ActionDependencies, "connection">;

export class TrashActions {
  constructor(private readonly dependencies: Dependencies) {}

  /** Moves a bucket with everything below it. What is unsaved there is saved first, so that it comes back too. */
  async trashBucket(id: string): Promise<void> {
    const { api, drafts, notices, queries, route, undoRedo } = this.dependencies;
    const branch = queries.cachedForest()?.byId.get(id);
    const ids = new Set(branch ? subtreeIds(branch) : [id]);
    for (const draft of drafts.unsaved()) if (ids.has(draft.bucketId ?? "")) await drafts.flush(draft.key);
    try {
      await api.trashBucket(id);
    } catch (error) {
      return notices.notifyError(text.trash.bucketTrashFailed, error);
    }
    if (ids.has(route.current.get() ?? "")) route.go(branch?.parent ?? null);
    queries.changeForest((forest) => withoutBucket(forest, id));
    const inverse = () => void this.restoreBucket({ id, name: branch?.name ?? "" });
    notices.notify(text.trash.bucketTrashed(branch?.name), undoRedo.noticeAction({ act: "trash_bucket", id, inverse }));
  }

  /** Returns false when the bucket's parent is not there any more: then `parentId` must be given. */
  async restoreBucket({ id, name, parentId }: BucketToRestore): Promise<boolean> {
    const { api, notices, queries, route } = this.dependencies;
    try {
      const bucket = await api.restoreBucket(id, parentId);
      const show = { label: text.general.show, run: () => route.go(bucket.id) };
      notices.notify(text.trash.bucketRestored(bucket.name), show, this.#undoRestore("restore_bucket", id));
      return true;
    } catch (error) {
      if (parentId === undefined && error instanceof Problem && "parent_bucket_id" in error.extensions) return false;
      notices.notifyError(text.trash.bucketRestoreFailed(name), error);
      return true;
    } finally {
      void queries.invalidate(keys.forest);
    }
  }

  /** Moves a note that the server may not know yet: it is saved first if it can be, so that the trash has it. */
  async trashDraft(key: string): Promise<void> {
    const { drafts, setAside } = this.dependencies;
    await drafts.flush(key);
    const draft = drafts.get(key);
    if (draft?.blobId) return this.trashBlob(draft.blobId);
    if (draft?.text.trim()) setAside(draft.text, text.drafts.unsavedAtTrash);
    drafts.discard(key);
  }

  async trashBlob(blobId: string): Promise<void> {
    const { api, drafts, notices, queries, setAside, undoRedo } = this.dependencies;
    const key = drafts.keyOf(blobId);
    const isNote = drafts.get(key) !== null;
    // What cannot be saved now would go with the note, and not come back with it.
    const unsaved = (await drafts.flush(key)) ? null : drafts.get(key);
    try {
      await api.trashBlob(blobId);
    } catch (error) {
      return notices.notifyError(text.trash.blobTrashFailed(isNote), error);
    }
    if (unsaved) setAside(unsaved.text, text.drafts.unsavedWithNote);
    drafts.discard(key);
    void queries.invalidate(keys.allItems);
    const inverse = () => void this.restoreBlob(blobId);
    notices.notify(text.trash.blobTrashed(isNote), undoRedo.noticeAction({ act: "trash_blob", id: blobId, inverse }));
  }

  /** Returns the restored note, in no bucket when those it stood in are gone. Null when it was refused. */
  async restoreBlob(blobId: string): Promise<Blob | null> {
    const { api, notices, queries, route } = this.dependencies;
    try {
      const blob = await api.restoreBlob(blobId);
      for (const id of blob.bucket_ids) void queries.invalidate(keys.items(id));
      const [home] = blob.bucket_ids;
      if (home === undefined) return blob;
      const show = { label: text.general.show, run: () => route.go(home) };
      notices.notify(text.trash.noteRestored, show, this.#undoRestore("restore_blob", blobId));
      return blob;
    } catch (error) {
      notices.notifyError(text.trash.noteRestoreFailed, error);
      return null;
    } finally {
      void queries.invalidate(keys.trash);
    }
  }

  /** Deletes for good one thing that was trashed, or with null all of the trash. */
  async purge(id: string | null): Promise<void> {
    const { api, notices, queries } = this.dependencies;
    try {
      const { blobs, buckets } = await (id === null ? api.emptyTrash() : api.purge(id));
      notices.notify(text.trash.purged(formatBucketsAndTexts(buckets, blobs)));
    } catch (error) {
      notices.notifyError(text.trash.purgeFailed, error);
    } finally {
      void queries.invalidate(keys.trash);
    }
  }

  #undoRestore(act: "restore_bucket" | "restore_blob", id: string): NoticeAction {
    const inverse = () => void (act === "restore_blob" ? this.trashBlob(id) : this.trashBucket(id));
    return this.dependencies.undoRedo.noticeAction({ act, id, inverse });
  }
}

interface BucketToRestore {
  id: string;
  name: string;
  /** Another bucket to restore it into; left out, the one it stood in. */
  parentId?: string | null;
}
