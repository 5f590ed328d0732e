/** Starts, stops and repeats runs, and replays or discards those that were given up. */

import type { NewRuns } from "../../../api/client";
import type { Batch, JsonObject, Run } from "../../../api/types";
import { type ActionDependencies, newIdempotencyKey } from "../../../studio/actionDependencies";
import { keys } from "../../../studio/queries";
import { RUNS_ROUTE } from "../../../studio/route";
import { text } from "../../../text";
import type { Store } from "../../../ui/store";
import { subtreeIds } from "../../library/forest";
import type { BatchUpdates } from "../batches/batchUpdates";
import { mergeListedRuns, type Runs } from "../runs";

type Dependencies = Pick<ActionDependencies, "api" | "drafts" | "notices" | "queries" | "route"> & {
  runs: Store<Runs>;
  batches: BatchUpdates;
};

export interface RunRequest {
  processorId: string;
  settings: JsonObject;
  source: { blobIds: readonly string[] } | { bucketId: string };
}

export interface PipelineRunRequest {
  pipelineId: string;
  source: RunRequest["source"];
}

export class RunActions {
  constructor(private readonly dependencies: Dependencies) {}

  /** Requests runs; what is unsaved is saved first, so that no older text is taken. Returns how many were started.
   * Raises what the studio refuses. */
  async request({ processorId, settings, source }: RunRequest): Promise<number> {
    const { api, batches, notices, queries, route, runs } = this.dependencies;
    if (!(await this.#saveDrafts(source))) throw new Error(text.runs.notSavedYet);
    const request: NewRuns = { processorId, settings, idempotencyKey: newIdempotencyKey("runs"), ...source };
    const { items, batch_id } = await api.requestRuns(request);
    if (items.length === 0) return 0;
    if (batch_id) void batches.read(batch_id).catch(() => undefined); // its events bring it too
    runs.set((known) => mergeListedRuns(known, items));
    void queries.invalidate(keys.runs);
    notices.notify(text.runs.started(items.length), { label: text.runs.showRuns, run: () => route.go(RUNS_ROUTE) });
    return items.length;
  }

  /** Requests the runs of a pipeline. Returns false when nothing there is for it. Raises what the studio refuses. */
  async requestPipeline({ pipelineId, source }: PipelineRunRequest): Promise<boolean> {
    const { api, batches, notices, queries, route, runs } = this.dependencies;
    if (!(await this.#saveDrafts(source))) throw new Error(text.runs.notSavedYet);
    const idempotencyKey = newIdempotencyKey("runs");
    const { items, batch_id } = await api.requestPipelineRuns({ pipelineId, idempotencyKey, ...source });
    if (!batch_id) return false;
    void batches.read(batch_id).catch(() => undefined);
    runs.set((known) => mergeListedRuns(known, items));
    void queries.invalidate(keys.runs);
    notices.notify(text.runs.started(items.length), { label: text.runs.showRuns, run: () => route.go(RUNS_ROUTE) });
    return true;
  }

  async cancel(id: string): Promise<void> {
    await this.#change((api) => api.cancelRun(id), text.runs.stopFailed);
  }

  async retry(id: string): Promise<void> {
    await this.#change((api) => api.retryRun(id), text.runs.retryFailed);
  }

  /** Stops every run of a batch that has not ended, and starts no further ones. */
  async cancelBatch(batch: Batch): Promise<void> {
    const { api, batches, notices, queries } = this.dependencies;
    try {
      await api.cancelBatch(batch.id);
    } catch (error) {
      notices.notifyError(text.runs.stopFailed, error);
    }
    await batches.read(batch.id).catch(() => undefined);
    void queries.invalidate(keys.runs);
  }

  dismissBatch(id: string): void {
    this.dependencies.batches.dismiss(id);
  }

  /** Reads how batches stand, when the page opens and after events may have been missed. */
  async refreshBatches(): Promise<void> {
    await this.dependencies.batches.refresh().catch(() => undefined); // the next connection reads them
  }

  async #change(send: (api: Dependencies["api"]) => Promise<Run>, failure: string): Promise<void> {
    const { api, notices, queries, runs } = this.dependencies;
    try {
      const run = await send(api);
      runs.set((known) => mergeListedRuns(known, [run]));
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
