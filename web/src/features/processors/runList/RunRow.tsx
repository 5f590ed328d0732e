/** One run: what it takes, how far it is, how it ended, and what can be done about it. */

import { useQuery } from "@tanstack/react-query";
import { memo, type ReactNode, useRef } from "react";
import { Button } from "react-aria-components";
import type { Run } from "../../../api/types";
import { useStudio } from "../../../studio/context";
import { useOpenDialog } from "../../../studio/dialogs";
import { text } from "../../../text";
import { Age } from "../../../ui/Age";
import { useSeen } from "../../../ui/hooks";
import { useStore } from "../../../ui/store";
import { QuotedText, UserText } from "../../../ui/UserText";
import { useBlobTitle } from "../../content/useBlobTitle";
import { RunProgressView } from "../RunStatus";
import { runKey } from "../runs";
import { type CurrentRun, currentRun, isActive, mayBeRetried, runFacts } from "./runText";

const SEEN_MARGIN = "300px";
const MAX_SHOWN_TEXT = 400; // characters of what was written last

interface RunRowProps {
  run: Run;
  processorName: string;
  /** The present (ms). */
  now: number;
}

export const RunRow = memo(function RunRow({ run, processorName, now }: RunRowProps): ReactNode {
  const element = useRef<HTMLLIElement>(null);
  const isSeen = useSeen(element, SEEN_MARGIN);
  const live = useStore(useStudio().runs, (runs) => runs.get(runKey(run.blob_id, run.processor_id)));
  const source = useBlobTitle(run.blob_id, isSeen) ?? text.runs.sourceGone;
  const current = currentRun(run, live);
  const name = text.runs.nameOf(processorName, source);
  return (
    <li ref={element} className="run">
      <article aria-label={name}>
        <header>
          <span className="status" data-status={current.status}>
            {text.runs.statuses[current.status]}
          </span>
          <span className="row-name">
            <UserText>{processorName}</UserText>{" "}
            <span className="source">
              <UserText>{source}</UserText>
            </span>
          </span>
          <RunButtons run={run} current={current} name={name} source={source} />
        </header>
        <p className="quiet">
          <Age at={run.requested_at} now={now} describe={text.runs.requestedAt} />
          {!isActive(current) && runFacts(run).map((fact) => text.trash.separator + fact)}
        </p>
        {isActive(current) && isSeen && (
          <ActiveRun run={run} current={current} label={text.runs.progressOf(processorName, source)} />
        )}
        <RunError current={current} />
      </article>
    </li>
  );
});

interface ActiveRunProps {
  run: Run;
  current: CurrentRun;
  label: string;
}

function ActiveRun({ run, current, label }: ActiveRunProps): ReactNode {
  const isUnheard = current.status === "running" && current.text === "";
  const { data } = useQuery({ ...useStudio().queries.run(run.id), enabled: isUnheard });
  const written = current.text || (data?.text ?? "");
  const newest = written.length > MAX_SHOWN_TEXT ? `…${written.slice(-MAX_SHOWN_TEXT)}` : written;
  const percent = text.runs.percent(Math.round(current.progress * 100));
  const waiting = run.waiting ? { waiting: run.waiting } : {};
  return <RunProgressView run={{ ...current, text: newest }} label={label} running={percent} {...waiting} />;
}

function RunError({ current: { status, error } }: { current: CurrentRun }): ReactNode {
  if (status !== "failed" && status !== "refused") return null;
  return (
    <p className={status === "failed" ? "reason wrong" : "reason"}>
      <QuotedText text={error ?? text.runs.unexplained} />
    </p>
  );
}

interface RunButtonsProps {
  run: Run;
  current: CurrentRun;
  name: string;
  source: string;
}

function RunButtons({ run, current, name, source }: RunButtonsProps): ReactNode {
  const { runActions } = useStudio();
  const openDialog = useOpenDialog();
  return (
    <div className="row">
      <Button
        className="link"
        aria-label={text.runs.openSourceOf(source)}
        onPress={() => openDialog({ kind: "blob", blobId: run.blob_id })}
      >
        {text.runs.openSource}
      </Button>
      {current.outputs.map((blobId, index) => (
        <Button className="link" onPress={() => openDialog({ kind: "blob", blobId })} key={blobId}>
          {current.outputs.length === 1 ? text.runs.openResult : text.runs.openResultOf(index + 1)}
        </Button>
      ))}
      <Button
        className="link"
        aria-label={text.prompts.openOf(name)}
        onPress={() => openDialog({ kind: "prompt", runId: run.id })}
      >
        {text.prompts.open}
      </Button>
      {isActive(current) && (
        <Button className="button" aria-label={text.runs.stopName(name)} onPress={() => void runActions.cancel(run.id)}>
          {text.runs.stop}
        </Button>
      )}
      {mayBeRetried(current) && (
        <Button className="button" aria-label={text.runs.retryName(name)} onPress={() => void runActions.retry(run.id)}>
          {text.runs.retry}
        </Button>
      )}
    </div>
  );
}
