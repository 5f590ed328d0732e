/** Places notes in buckets, reorders them there, and takes them out. */

import type { BlobPlacement } from "../../api/client";
import type { ActionDependencies } from "../../studio/actionDependencies";
import { keys } from "../../studio/queries";
import { text } from "../../text";

type Dependencies = Pick<ActionDependencies, "api" | "queries" | "notices" | "undoRedo">;

export class PlacementActions {
  constructor(private readonly dependencies: Dependencies) {}

  /** Places a note, or moves it within the bucket. `message` is shown when it has worked; left out, nothing is. */
  async place(placement: BlobPlacement, message?: string): Promise<void> {
    const { api, notices, undoRedo } = this.dependencies;
    const { bucketId, blobId } = placement;
    const isPlaced = await this.#changeList(bucketId, () => api.placeBlob(placement), text.notes.placeFailed);
    if (!isPlaced || !message) return;
    const inverse = () => void this.takeOut({ bucketId, blobId });
    notices.notify(message, undoRedo.noticeAction({ act: "place_blob", id: blobId, inverse }));
  }

  /** Takes a note out of one bucket; `after` is where it stood, for the way back. */
  async takeOut({ bucketId, blobId, after }: BlobPlacement): Promise<void> {
    const { api, notices, queries, undoRedo } = this.dependencies;
    const name = queries.cachedForest()?.byId.get(bucketId)?.name ?? text.general.theBucket;
    const takeOut = () => api.takeOutBlob(bucketId, blobId);
    if (!(await this.#changeList(bucketId, takeOut, text.notes.takeOutFailed))) return;
    const inverse = () => void this.place({ bucketId, blobId, after });
    notices.notify(text.notes.tookOutOf(name), undoRedo.noticeAction({ act: "take_out", id: blobId, inverse }));
  }

  async #changeList(bucketId: string, change: () => Promise<unknown>, failure: string): Promise<boolean> {
    const { notices, queries } = this.dependencies;
    try {
      await change();
      return true;
    } catch (error) {
      notices.notifyError(failure, error);
      return false;
    } finally {
      void queries.invalidate(keys.items(bucketId));
    }
  }
}
