/** Why a run on a pitch made nothing. */

import type { ReactNode } from "react";
import { text } from "../../text";
import { QuotedText } from "../../ui/UserText";
import type { RunView } from "../processors/runs";

export function PitchRunOutcome({ run, failure }: { run: RunView; failure: string }): ReactNode {
  if (run.status === "cancelled") return null;
  return (
    <p className="bar-note wrong" role="alert">
      {failure} <QuotedText text={run.error ?? text.runs.unexplained} />
    </p>
  );
}
