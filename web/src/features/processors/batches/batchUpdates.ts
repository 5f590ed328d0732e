/** Keeps the batches on the screen true: the studio counts, and events say when to read them again. */

import type { ApiClient } from "../../../api/client";
import type { BatchEvent } from "../../../api/serverMessages";
import type { Store } from "../../../ui/store";
import { type Batches, hasBatchEnded, withBatch } from "./batches";

const READ_MS = 500; // between two readings of a batch, of which a thousand runs may end in a second

export class BatchUpdates {
  readonly #stale = new Set<string>();
  #isWaiting = false;

  constructor(
    private readonly api: ApiClient,
    private readonly batches: Store<Batches>,
  ) {}

  /** Something happened to a run of this batch. */
  handleRunEvent(batchId: string): void {
    if (this.#isShown(batchId)) this.#readSoon(batchId);
  }

  /** A batch that was requested anywhere is shown; the end of one that was taken off the list is not. */
  handleBatchEvent({ type, batch_id }: BatchEvent): void {
    if (type === "batch.requested" || this.#isShown(batch_id)) this.#readSoon(batch_id);
  }

  /** Reads a batch and shows it. */
  async read(id: string): Promise<void> {
    const batch = await this.api.getBatch(id);
    this.batches.set((all) => withBatch(all, batch));
  }

  /** Reads every batch under way, and those on the screen: after a reload, or when events may have been missed. */
  async refresh(): Promise<void> {
    const shown = this.batches.get().filter((batch) => !hasBatchEnded(batch));
    const { items } = await this.api.listBatches("running");
    this.batches.set((all) => items.reduce(withBatch, all));
    const missing = shown.filter(({ id }) => items.every((item) => item.id !== id));
    await Promise.all(missing.map(({ id }) => this.read(id)));
  }

  dismiss(id: string): void {
    this.batches.set((all) => all.filter((batch) => batch.id !== id));
  }

  #isShown(id: string): boolean {
    return this.batches.get().some((batch) => batch.id === id);
  }

  #readSoon(id: string): void {
    this.#stale.add(id);
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    setTimeout(() => {
      this.#isWaiting = false;
      const ids = [...this.#stale];
      this.#stale.clear();
      for (const each of ids) void this.read(each).catch(() => undefined); // the next event or connection reads it
    }, READ_MS);
  }
}
