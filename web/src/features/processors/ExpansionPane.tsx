/** The pane beside a note: its expansion, as it is being written and as it was written. */

import { useQuery } from "@tanstack/react-query";
import { memo, type ReactNode, useState } from "react";
import { Button, Tooltip, TooltipTrigger } from "react-aria-components";
import { EXPANSION_PROCESSOR } from "../../api/blobContent";
import type { Blob } from "../../api/types";
import { useStudio } from "../../studio/context";
import { text } from "../../text";
import { Icon } from "../../ui/Icon";
import { formatKeys } from "../../ui/keys";
import { useStore } from "../../ui/store";
import { AcceptableExpansion } from "./acceptance/AcceptableExpansion";
import { ExpansionNavigation } from "./ExpansionNavigation";
import { RunOutcome, RunProgressView } from "./RunStatus";
import { hasEnded, type RunView, runKey } from "./runs";

interface ExpansionPaneProps {
  draftKey: string;
  noteName: string;
  /** Null until the server knows the note. */
  blobId: string | null;
  /** The note's newest saved revision. */
  revision: number;
  hasText: boolean;
  isSeen: boolean;
}

/** Receives what it needs of the note, so that typing does not draw it anew. */
export const ExpansionPane = memo(function ExpansionPane(props: ExpansionPaneProps): ReactNode {
  const { draftKey, noteName, blobId, revision, hasText, isSeen } = props;
  const studio = useStudio();
  const query = useQuery({ ...studio.queries.expansions(blobId ?? ""), enabled: blobId !== null && isSeen });
  const run = useStore(studio.runs, (runs) => (blobId ? runs.get(runKey(blobId, EXPANSION_PROCESSOR)) : undefined));
  const [chosen, choose] = useState(0);
  const all = query.data ?? [];
  const index = Math.min(chosen, Math.max(0, all.length - 1));
  const activeRun = run && isActive(run, all) ? run : null;
  const expand = () => {
    choose(0);
    void studio.expansions.expand(draftKey);
  };
  if (!activeRun && !run && all.length === 0) {
    return (
      <section className="expansion" data-empty aria-label={text.processors.paneOf(noteName)}>
        <ExpandButton hasText={hasText} expand={expand} />
      </section>
    );
  }
  return (
    <section className="expansion" aria-label={text.processors.paneOf(noteName)} aria-busy={activeRun !== null}>
      <header className="pane-head">
        <h3>{text.processors.expansion}</h3>
        {!activeRun && all.length > 1 && <ExpansionNavigation index={index} count={all.length} choose={choose} />}
        <span className="spacer" />
        {activeRun ? (
          <Button className="button" onPress={() => void studio.expansions.cancel(activeRun.id)}>
            <Icon name="stop" /> {text.processors.stop}
          </Button>
        ) : (
          <Button className="button" isDisabled={!hasText} onPress={expand}>
            <Icon name="spark" /> {all.length > 0 ? text.processors.expandAgain : text.processors.expand}
          </Button>
        )}
      </header>
      {activeRun ? (
        <RunProgressView run={activeRun} />
      ) : (
        <LatestExpansion run={run} newest={all[0]} shown={all[index]} {...{ blobId, noteName, revision, isSeen }} />
      )}
    </section>
  );
});

/** All that there is of a pane before the first expansion; how it works is said on demand. */
function ExpandButton({ hasText, expand }: { hasText: boolean; expand: () => void }): ReactNode {
  return (
    <TooltipTrigger>
      <Button className="link expand" isDisabled={!hasText} onPress={expand}>
        <Icon name="spark" /> {text.processors.expand}
      </Button>
      <Tooltip className="tooltip" placement="bottom start">
        <p>{text.processors.howToExpand(formatKeys("Ctrl Enter"))}</p>
        <DemonstrationHint />
      </Tooltip>
    </TooltipTrigger>
  );
}

interface LatestExpansionProps {
  run: RunView | undefined;
  newest: Blob | undefined;
  shown: Blob | undefined;
  blobId: string | null;
  noteName: string;
  revision: number;
  isSeen: boolean;
}

/** While no run is active: how the last one ended, if badly, the expansion there is, and what was accepted of it. */
function LatestExpansion({ run, newest, shown, blobId, ...note }: LatestExpansionProps): ReactNode {
  return (
    <>
      {run && <RunOutcome run={run} newest={newest} />}
      {shown && blobId && <AcceptableExpansion noteId={blobId} shown={shown} {...note} />}
    </>
  );
}

/** True also in the moment between the end of a run and the arrival of its output, so that the text does not vanish. */
function isActive(run: RunView, all: readonly Blob[]): boolean {
  if (!hasEnded(run)) return true;
  return (
    run.status === "completed" &&
    run.text !== "" &&
    run.outputs.length > 0 &&
    !all.some((blob) => run.outputs.includes(blob.id))
  );
}

/** While only the demonstration model is there: why notes are not expanded by themselves, and what to do about it. */
function DemonstrationHint(): ReactNode {
  const { data } = useQuery(useStudio().queries.models);
  const usable = data?.filter((model) => !model.found) ?? [];
  const isDemonstration = usable.length > 0 && usable.every((model) => model.demonstration);
  return isDemonstration && <p>{text.processors.demonstrationHint}</p>;
}
