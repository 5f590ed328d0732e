/** Starts, stops and repeats runs, and replays or discards those that were given up. */

import type { NewRuns } from "../../../api/client";
import type { JsonObject, Run } from "../../../api/types";
import { type ActionDependencies, newIdempotencyKey } from "../../../studio/actionDependencies";
import { keys } from "../../../studio/queries";
import { RUNS_ROUTE } from "../../../studio/route";
import { text } from "../../../text";
import type { Store } from "../../../ui/store";
import { subtreeIds } from "../../library/forest";
import { mergeListedRuns, type Runs } from "../runs";
import { activeRunIds, applyListedRuns, type Batch, type Batches, newBatch } from "./batches";

const LIST_LIMIT = 200;

type Dependencies = Pick<ActionDependencies, "api" | "drafts" | "notices" | "queries" | "route"> & {
  runs: Store<Runs>;
  batches: Store<Batches>;
};

export interface RunRequest {
  processorId: string;
  settings: JsonObject;
  source: { blobIds: readonly string[] } | { bucketId: string };
}

export class RunActions {
  constructor(private readonly dependencies: Dependencies) {}

  /** Requests runs; what is unsaved is saved first, so that no older text is taken. Returns how many were started.
   * Raises what the studio refuses. */
  async request({ processorId, settings, source }: RunRequest): Promise<number> {
    const { api, batches, notices, queries, route, runs } = this.dependencies;
    if (!(await this.#saveDrafts(source))) throw new Error(text.runs.notSavedYet);
    const request: NewRuns = { processorId, settings, idempotencyKey: newIdempotencyKey("runs"), ...source };
    const { items } = await api.requestRuns(request);
    if (items.length === 0) return 0;
    if (items.length > 1) {
      const batch = newBatch(items, "bucketId" in source ? source.bucketId : null, runs.get());
      batches.set((all) => [batch, ...all]);
    }
    runs.set((known) => mergeListedRuns(known, items));
    void queries.invalidate(keys.runs);
    notices.notify(text.runs.started(items.length), { label: text.runs.showRuns, run: () => route.go(RUNS_ROUTE) });
    return items.length;
  }

  async cancel(id: string): Promise<void> {
    await this.#change((api) => api.cancelRun(id), text.runs.stopFailed);
  }

  async retry(id: string): Promise<void> {
    await this.#change((api) => api.retryRun(id), text.runs.retryFailed);
  }

  /** Stops every run of a batch that has not ended. One that ends meanwhile is no failure. */
  async cancelBatch(batch: Batch): Promise<void> {
    const { api, queries } = this.dependencies;
    for (const id of activeRunIds(batch)) await api.cancelRun(id).catch(() => undefined);
    await this.refreshBatches();
    void queries.invalidate(keys.runs);
  }

  dismissBatch(id: string): void {
    this.dependencies.batches.set((all) => all.filter((batch) => batch.id !== id));
  }

  /** Reads how the runs of batches stand, after events may have been missed. */
  async refreshBatches(): Promise<void> {
    const { api, batches } = this.dependencies;
    for (const { processorId, statuses } of batches.get()) {
      // Ids are ordered by time, and so is the list, newest first.
      const oldest = [...statuses.keys()].reduce((one, other) => (one < other ? one : other));
      let cursor: string | null = null;
      do {
        const page: { items: Run[]; next_cursor: string | null } = await api.listRuns(
          { status: null, processorId },
          cursor,
          LIST_LIMIT,
        );
        batches.set((all) => applyListedRuns(all, page.items));
        cursor = page.items.some(({ id }) => id < oldest) ? null : page.next_cursor;
      } while (cursor !== null);
    }
  }

  async #change(send: (api: Dependencies["api"]) => Promise<Run>, failure: string): Promise<void> {
    const { api, batches, notices, queries, runs } = this.dependencies;
    try {
      const run = await send(api);
      runs.set((known) => mergeListedRuns(known, [run]));
      batches.set((all) => applyListedRuns(all, [run]));
    } catch (error) {
      notices.notifyError(failure, error);
    } finally {
      void queries.invalidate(keys.runs);
      void queries.invalidate(keys.deadLetters);
    }
  }

  /** Returns false when something that would be taken is not saved. */
  async #saveDrafts(source: RunRequest["source"]): Promise<boolean> {
    const { drafts, queries } = this.dependencies;
    if ("blobIds" in source) {
      const saved = await Promise.all(source.blobIds.map((id) => drafts.flush(drafts.keyOf(id))));
      return saved.every(Boolean);
    }
    const branch = queries.cachedForest()?.byId.get(source.bucketId);
    const ids = new Set(branch ? subtreeIds(branch) : [source.bucketId]);
    const unsaved = drafts.unsaved().filter((draft) => ids.has(draft.bucketId ?? ""));
    const saved = await Promise.all(unsaved.map(({ key }) => drafts.flush(key)));
    return saved.every(Boolean);
  }
}
