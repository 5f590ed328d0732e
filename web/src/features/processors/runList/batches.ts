/** Batches: the runs of one request, and how far they are together. */

import type { RunEvent } from "../../../api/serverMessages";
import type { Run, RunStatus } from "../../../api/types";
import { ENDED_STATUSES, type Runs, runKey } from "../runs";

export interface Batch {
  readonly id: string;
  readonly processorId: string;
  /** The bucket whose blobs are taken; null for chosen blobs. */
  readonly bucketId: string | null;
  readonly statuses: ReadonlyMap<string, RunStatus>;
}

export type Batches = readonly Batch[];

export interface BatchSummary {
  total: number;
  done: number;
  failed: number;
  refused: number;
  cancelled: number;
}

/** Returns the batch of runs that were just requested; events may have told of their end already. */
export function newBatch(runs: readonly Run[], bucketId: string | null, known: Runs): Batch {
  const [first] = runs;
  const statusOf = (run: Run): RunStatus => {
    const seen = known.get(runKey(run.blob_id, run.processor_id));
    return seen?.id === run.id ? seen.status : run.status;
  };
  const statuses = new Map(runs.map((run) => [run.id, statusOf(run)]));
  return { id: first?.id ?? "", processorId: first?.processor_id ?? "", bucketId, statuses };
}

export function applyEventToBatches(batches: Batches, event: RunEvent): Batches {
  const status = STATUS_BY_EVENT[event.type];
  return changeBatches(batches, [[event.run_id, status]]);
}

/** Returns the batches after a reading of the list of runs. */
export function applyListedRuns(batches: Batches, listed: readonly Run[]): Batches {
  return changeBatches(
    batches,
    listed.map(({ id, status }) => [id, status]),
  );
}

export function summarize({ statuses }: Batch): BatchSummary {
  const count = (wanted: RunStatus) => [...statuses.values()].filter((status) => status === wanted).length;
  const done = [...statuses.values()].filter((status) => ENDED_STATUSES.has(status)).length;
  const [failed, refused, cancelled] = [count("failed"), count("refused"), count("cancelled")];
  return { total: statuses.size, done, failed, refused, cancelled };
}

/** Returns the ids of the runs that have not ended. */
export function activeRunIds({ statuses }: Batch): string[] {
  return [...statuses].filter(([, status]) => !ENDED_STATUSES.has(status)).map(([id]) => id);
}

const STATUS_BY_EVENT: Record<RunEvent["type"], RunStatus> = {
  "processor.requested": "requested",
  "processor.started": "running",
  "processor.completed": "completed",
  "processor.refused": "refused",
  "processor.failed": "failed",
  "processor.cancelled": "cancelled",
};

function changeBatches(batches: Batches, changes: readonly (readonly [string, RunStatus])[]): Batches {
  let isChanged = false;
  const next = batches.map((batch) => {
    const news = changes.filter(([id, status]) => batch.statuses.has(id) && batch.statuses.get(id) !== status);
    if (news.length === 0) return batch;
    isChanged = true;
    return { ...batch, statuses: new Map([...batch.statuses, ...news]) };
  });
  return isChanged ? next : batches;
}
