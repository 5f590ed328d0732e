/** The runs that were requested together, each request with its overall progress. */

import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Button, ProgressBar } from "react-aria-components";
import type { Batch } from "../../../api/types";
import { useForest, useStudio } from "../../../studio/context";
import { text } from "../../../text";
import { Message } from "../../../ui/Message";
import { useStore } from "../../../ui/store";
import { UserText } from "../../../ui/UserText";
import { type BatchSummary, hasBatchEnded, summarizeStage } from "./batches";

/** `bucketId` narrows the list to the requests about one bucket. */
export function BatchList({ bucketId }: { bucketId?: string }): ReactNode {
  const all = useStore(useStudio().batches, (batches) => batches);
  const shown = bucketId === undefined ? all : all.filter((batch) => batch.bucket_id === bucketId);
  if (shown.length === 0) return null;
  return (
    <ul className="batches" aria-label={text.runs.batches}>
      {shown.map((batch) => (
        <BatchProgress batch={batch} key={batch.id} />
      ))}
    </ul>
  );
}

function BatchProgress({ batch }: { batch: Batch }): ReactNode {
  const { queries, runActions } = useStudio();
  const { data: processors = [] } = useQuery(queries.processors);
  const forest = useForest();
  const nameOf = (id: string) => processors.find((processor) => processor.id === id)?.name ?? id;
  const stages: NamedStage[] = batch.progress.stages.map((stage) => ({
    name: nameOf(stage.processor_id),
    summary: summarizeStage(stage),
  }));
  const what = batch.name ?? stages.map(({ name }) => name).join(text.pipelines.arrow);
  const first = stages[0]?.summary;
  const target = forest.byId.get(batch.bucket_id ?? "")?.name ?? text.runs.severalTexts(sizeOf(first));
  return (
    <li>
      <p>
        <Message
          text={text.runs.batchOn}
          values={{ processor: <UserText>{what}</UserText>, name: <UserText>{target}</UserText> }}
        />
      </p>
      <ProgressBar
        className="progress"
        aria-label={text.runs.batchProgress(what, target)}
        value={batch.progress.fraction}
        maxValue={1}
      >
        {({ percentage = 0 }) => (
          <>
            <span className="track wide">
              <span style={{ width: `${percentage}%` }} />
            </span>
            <StageCounts stages={stages} />
          </>
        )}
      </ProgressBar>
      {hasBatchEnded(batch) ? (
        <Button className="link" onPress={() => runActions.dismissBatch(batch.id)}>
          {text.runs.dismiss}
        </Button>
      ) : (
        <Button className="link" onPress={() => void runActions.cancelBatch(batch)}>
          {text.runs.stopAll}
        </Button>
      )}
    </li>
  );
}

interface NamedStage {
  name: string;
  summary: BatchSummary;
}

/** How far each stage is; a single one needs no name. */
function StageCounts({ stages }: { stages: readonly NamedStage[] }): ReactNode {
  return (
    <span className="quiet" role="status">
      {stages.map(({ name, summary }, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: stages keep their places, and two may be of one processor
        <span className="stage" key={place}>
          {stages.length > 1 && <UserText>{text.pipelines.stage(name)}</UserText>}
          {text.runs.batchDone(summary.done, summary.total)}
          {text.runs.batchTrouble(troublesOf(summary))}
        </span>
      ))}
    </span>
  );
}

/** Returns how many texts a batch is about: what its first stage takes or skips. */
function sizeOf(first: BatchSummary | undefined): number {
  return first ? first.total + first.skipped : 0;
}

function troublesOf({ failed, refused, cancelled, skipped }: BatchSummary): string[] {
  return [
    failed > 0 ? text.runs.batchFailed(failed) : "",
    refused > 0 ? text.runs.batchRefused(refused) : "",
    cancelled > 0 ? text.runs.batchCancelled(cancelled) : "",
    skipped > 0 ? text.pipelines.skipped(skipped) : "",
  ].filter(Boolean);
}
