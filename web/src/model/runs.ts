/** The newest run on each note, as far as events have told: what the right-hand pane shows while somebody writes. */

import type { Progress, Run, RunEvent, RunStatus } from "./nouns";

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

/** A note may be in the hands of several processors at once. */
export const runKey = (blobId: string, processor: string) => `${blobId} ${processor}`;

const ENDED: ReadonlySet<RunStatus> = new Set<RunStatus>(["completed", "refused", "failed", "cancelled"]);

export function hasEnded(run: RunView): boolean {
  return ENDED.has(run.status);
}

/** Events come in order; progress is not stored and may be late, and so may any word about an older run. */
export function afterEvent(runs: Runs, said: RunEvent | Progress): Runs {
  const key = runKey(said.blob_id, said.processor);
  const known = runs.get(key);
  // Ids are ordered by time, so that a late word about an older run is recognised.
  if (known && known.id > said.run_id) return runs;
  const run = known?.id === said.run_id ? known : begun(said.run_id, said.blob_id, said.processor);
  const next = said.type === "processor.progress" ? progressed(run, said) : advanced(run, said);
  return next === known ? runs : new Map(runs).set(key, next);
}

/** What the server lists as under way, for a page that was opened in the middle. */
export function withRuns(runs: Runs, listed: readonly Run[]): Runs {
  const next = new Map(runs);
  for (const run of listed) {
    const key = runKey(run.blob_id, run.processor_id);
    const known = next.get(key);
    if (known && known.id >= run.id) continue;
    const { status, progress, error, output_blob_ids } = run;
    const view = begun(run.id, run.blob_id, run.processor_id);
    next.set(key, { ...view, status, progress, error, outputs: output_blob_ids });
  }
  return next;
}

function begun(id: string, blobId: string, processor: string): RunView {
  return { id, blobId, processor, status: "requested", progress: 0, text: "", error: null, outputs: [] };
}

function progressed(run: RunView, said: Progress): RunView {
  if (hasEnded(run) || said.progress < run.progress) return run;
  return { ...run, status: "running", progress: said.progress, text: said.text ?? run.text };
}

function advanced(run: RunView, said: RunEvent): RunView {
  const stage = said.type.slice("processor.".length);
  if (stage === "requested") return begun(run.id, run.blobId, run.processor); // perhaps once more, after a failure
  // A new attempt starts from nothing, but what the last one wrote stays on the screen until there is better.
  if (stage === "started") return { ...run, status: "running", progress: 0, error: null };
  return {
    ...run,
    status: stage as RunStatus,
    error: said.error ?? null,
    outputs: said.output_blob_ids ?? run.outputs,
  };
}
