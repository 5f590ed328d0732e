/** How far a part is that is drafted again, and where the new pitch is; or why there is none. */

import type { ReactNode } from "react";
import { Button } from "react-aria-components";
import type { Blob } from "../../api/types";
import { useStudio } from "../../studio/context";
import { useOpenDialog } from "../../studio/dialogs";
import { text } from "../../text";
import { useStore } from "../../ui/store";
import { RunProgressView } from "../processors/RunStatus";
import { hasEnded, runKey } from "../processors/runs";
import { PitchRunOutcome } from "./PitchRunOutcome";
import { PITCH_WRITER } from "./pitch";

export function RedraftState({ blob }: { blob: Blob }): ReactNode {
  const { runs } = useStudio();
  const openDialog = useOpenDialog();
  const run = useStore(runs, (known) => known.get(runKey(blob.id, PITCH_WRITER)));
  if (!run) return null;
  const [blobId] = run.outputs;
  if (!hasEnded(run))
    return <RunProgressView run={{ ...run, text: "" }} label={text.pitches.progress} running={text.pitches.drafting} />;
  if (run.status !== "completed" || blobId === undefined)
    return <PitchRunOutcome run={run} failure={text.pitches.notDraftedAgain} />;
  return (
    <p className="bar-note" role="status">
      {text.pitches.ready}{" "}
      <Button className="link" onPress={() => openDialog({ kind: "blob", blobId })}>
        {text.pitches.openNew}
      </Button>
    </p>
  );
}
