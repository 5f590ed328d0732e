/** Knows from the answers to writes whether the studio's disk has room for new ones. */

import { isStorageFull } from "../api/errors";
import type { WriteObserver } from "../api/writeObserver";
import { createStore, type Store } from "../ui/store";

export class StorageStatus implements WriteObserver {
  readonly isFull: Store<boolean> = createStore(false);

  /** A write succeeds only while there is room. */
  writeSucceeded(): void {
    this.isFull.set(() => false);
  }

  /** A write that failed for another reason than the storage changes nothing. */
  writeFailed(error: unknown): void {
    if (isStorageFull(error)) this.isFull.set(() => true);
  }
}
