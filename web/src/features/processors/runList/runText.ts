/** A run of the list as it stands now, and what is said about it. */

import type { Run, RunStatus } from "../../../api/types";
import { text } from "../../../text";
import { formatSeconds } from "../../../text/processing/registry";
import { ENDED_STATUSES, type RunView } from "../runs";

/** A listed run with what events have told since. */
export interface CurrentRun {
  readonly status: RunStatus;
  readonly progress: number;
  readonly text: string;
  readonly error: string | null;
  readonly outputs: readonly string[];
}

export function currentRun(listed: Run, live: RunView | undefined): CurrentRun {
  const { status, progress, error, output_blob_ids: outputs, text: written } = listed;
  if (live?.id !== listed.id) return { status, progress, error, outputs, text: written ?? "" };
  return { ...live, outputs: live.outputs.length > 0 ? live.outputs : outputs };
}

export function isActive({ status }: CurrentRun): boolean {
  return !ENDED_STATUSES.has(status);
}

export function mayBeRetried({ status }: CurrentRun): boolean {
  return status === "failed" || status === "refused" || status === "cancelled";
}

/** Returns the small facts behind the status. */
export function runFacts({ started_at, finished_at, attempt }: Run): string[] {
  const facts: string[] = [];
  if (started_at !== null && finished_at !== null) {
    const seconds = (Date.parse(finished_at) - Date.parse(started_at)) / 1000;
    facts.push(text.runs.tookSeconds(formatSeconds(Math.max(0, seconds))));
  }
  if (attempt > 1) facts.push(text.runs.attempts(attempt));
  return facts;
}
