/** A run on the screen: its progress while it is under way, and its outcome when it ended without a result. */

import type { ReactNode } from "react";
import { ProgressBar } from "react-aria-components";
import type { Blob } from "../../api/types";
import { text } from "../../text";
import { QuotedText } from "../../ui/UserText";
import { Prose } from "./Prose";
import type { RunView } from "./runs";

const INDETERMINATE_WIDTH = 30; // percent
const ULID_TIME_LENGTH = 10; // characters

interface RunProgressViewProps {
  run: Pick<RunView, "status" | "progress" | "text">;
  /** The name of the progress bar; left out, the state itself. */
  label?: string;
  /** How far it is in words, in place of "Writing…". */
  running?: string;
  /** For what it waits, in place of "Waiting for its turn…". */
  waiting?: string;
}

export function RunProgressView({
  run,
  label,
  running = text.processors.writing,
  waiting,
}: RunProgressViewProps): ReactNode {
  const isRequested = run.status === "requested";
  const state = isRequested ? (waiting ?? text.processors.waiting) : running;
  return (
    <>
      <ProgressBar
        className="progress"
        aria-label={label ?? state}
        value={run.progress * 100}
        isIndeterminate={isRequested || run.progress === 0}
      >
        {({ percentage, isIndeterminate }) => (
          <>
            <span className="track" data-indeterminate={isIndeterminate || undefined}>
              <span style={{ width: `${isIndeterminate ? INDETERMINATE_WIDTH : (percentage ?? 0)}%` }} />
            </span>
            <span className="quiet">{state}</span>
          </>
        )}
      </ProgressBar>
      {run.text && <Prose text={run.text} isGrowing />}
    </>
  );
}

export function RunOutcome({ run, newest }: { run: RunView; newest: Blob | undefined }): ReactNode {
  const outcomes: Partial<Record<RunView["status"], string>> = text.processors.outcomes;
  const outcome = outcomes[run.status];
  // Ids are ordered by time: an expansion made since then is the better news.
  if (!outcome || (newest && ulidTime(newest.id) > ulidTime(run.id))) return null;
  const isCancelled = run.status === "cancelled";
  return (
    <p className={isCancelled ? "bar-note" : "bar-note wrong"} role={isCancelled ? "status" : "alert"}>
      {outcome} <QuotedText text={run.error ?? ""} />
    </p>
  );
}

/** Returns the time of an id: the first ten characters of its ULID. */
function ulidTime(id: string): string {
  return id.slice(id.lastIndexOf("-") + 1).slice(0, ULID_TIME_LENGTH);
}
