/** Batches: the runs of one request, and how far they are together, as the studio counts them. */

import type { Batch, StageProgress } from "../../../api/types";

/** The batches on the screen, newest first. */
export type Batches = readonly Batch[];

export interface BatchSummary {
  total: number;
  done: number;
  failed: number;
  refused: number;
  cancelled: number;
  skipped: number;
}

/** Returns the batches with this one as it is now; a later revision is never replaced by an earlier one. */
export function withBatch(batches: Batches, batch: Batch): Batches {
  const known = batches.find(({ id }) => id === batch.id);
  if (known && known.revision > batch.revision) return batches;
  const others = batches.filter(({ id }) => id !== batch.id);
  // Ids are ordered by time.
  return [...others, batch].sort((one, other) => (one.id < other.id ? 1 : -1));
}

export function hasBatchEnded({ status }: Batch): boolean {
  return status !== "running";
}

export function summarizeStage(stage: StageProgress): BatchSummary {
  const { requested, running, completed, failed, refused, cancelled, skipped } = stage;
  const done = completed + failed + refused + cancelled;
  return { total: done + requested + running, done, failed, refused, cancelled, skipped };
}
