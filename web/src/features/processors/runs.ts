/** The newest run on each note, as far as events have told: what the expansion pane shows while a run is under way. */

import type { RunEvent, RunProgress } from "../../api/serverMessages";
import type { Run, RunStatus } from "../../api/types";

export interface RunView {
  readonly id: string;
  readonly blobId: string;
  readonly processor: string;
  readonly status: RunStatus;
  /** 0 to 1. */
  readonly progress: number;
  /** All that has been written so far. */
  readonly text: string;
  readonly error: string | null;
  readonly outputs: readonly string[];
}

export type Runs = ReadonlyMap<string, RunView>;

/** The key of a run in `Runs`: several processors may run on one note at once. */
export const runKey = (blobId: string, processor: string) => `${blobId} ${processor}`;

export const ENDED_STATUSES: ReadonlySet<RunStatus> = new Set<RunStatus>([
  "completed",
  "refused",
  "failed",
  "cancelled",
]);

export function hasEnded(run: RunView): boolean {
  return ENDED_STATUSES.has(run.status);
}

/** Returns the runs after an event. Progress is not stored and may be late, and so may any event of an older run. */
export function applyRunEvent(runs: Runs, event: RunEvent | RunProgress): Runs {
  const key = runKey(event.blob_id, event.processor);
  const known = runs.get(key);
  // Ids are ordered by time, so that a late event of an older run is recognised.
  if (known && known.id > event.run_id) return runs;
  const run = known?.id === event.run_id ? known : newRun(event.run_id, event.blob_id, event.processor);
  const next = event.type === "processor.progress" ? applyProgress(run, event) : applyStage(run, event);
  return next === known ? runs : new Map(runs).set(key, next);
}

/** Adds the runs that the server lists as under way, for a page that was opened in the middle of them. */
export function mergeListedRuns(runs: Runs, listed: readonly Run[]): Runs {
  const next = new Map(runs);
  for (const run of listed) {
    const key = runKey(run.blob_id, run.processor_id);
    const known = next.get(key);
    if (known && known.id >= run.id) continue;
    const { status, progress, error, output_blob_ids } = run;
    const view = newRun(run.id, run.blob_id, run.processor_id);
    next.set(key, { ...view, status, progress, error, outputs: output_blob_ids });
  }
  return next;
}

/** Returns the runs without those that were under way in `before`, and that neither the server's complete list nor an
 * event since then knows: their end was missed. */
export function withoutMissed(runs: Runs, before: Runs, listed: readonly Run[]): Runs {
  const ids = new Set(listed.map(({ id }) => id));
  const isKept = ([key, run]: readonly [string, RunView]) =>
    hasEnded(run) || before.get(key) !== run || ids.has(run.id);
  return new Map([...runs].filter(isKept));
}

function newRun(id: string, blobId: string, processor: string): RunView {
  return { id, blobId, processor, status: "requested", progress: 0, text: "", error: null, outputs: [] };
}

function applyProgress(run: RunView, event: RunProgress): RunView {
  if (hasEnded(run) || event.progress < run.progress) return run;
  return { ...run, status: "running", progress: event.progress, text: event.text ?? run.text };
}

function applyStage(run: RunView, event: RunEvent): RunView {
  const stage = event.type.slice("processor.".length);
  if (stage === "requested") return newRun(run.id, run.blobId, run.processor); // perhaps once more, after a failure
  // A new attempt starts from nothing, but what the last one wrote stays on the screen until there is better.
  if (stage === "started") return { ...run, status: "running", progress: 0, error: null };
  return {
    ...run,
    status: stage as RunStatus,
    error: event.error ?? null,
    outputs: event.output_blob_ids ?? run.outputs,
  };
}
