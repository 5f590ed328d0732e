/** The runs that were requested together, each request with its overall progress. */

import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Button, ProgressBar } from "react-aria-components";
import { useForest, useStudio } from "../../../studio/context";
import { text } from "../../../text";
import { Message } from "../../../ui/Message";
import { useStore } from "../../../ui/store";
import { UserText } from "../../../ui/UserText";
import { type Batch, type BatchSummary, summarize } from "./batches";

/** `bucketId` narrows the list to the requests about one bucket. */
export function BatchList({ bucketId }: { bucketId?: string }): ReactNode {
  const all = useStore(useStudio().batches, (batches) => batches);
  const shown = bucketId === undefined ? all : all.filter((batch) => batch.bucketId === bucketId);
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
  const summary = summarize(batch);
  const isDone = summary.done === summary.total;
  const processor = processors.find(({ id }) => id === batch.processorId)?.name ?? batch.processorId;
  const bucket = forest.byId.get(batch.bucketId ?? "")?.name;
  const target = bucket ?? text.runs.severalTexts(summary.total);
  return (
    <li>
      <p>
        <Message
          text={text.runs.batchOn}
          values={{ processor: <UserText>{processor}</UserText>, name: <UserText>{target}</UserText> }}
        />
      </p>
      <ProgressBar
        className="progress"
        aria-label={text.runs.batchProgress(processor, target)}
        value={summary.done}
        maxValue={summary.total}
      >
        {({ percentage = 0 }) => (
          <>
            <span className="track wide">
              <span style={{ width: `${percentage}%` }} />
            </span>
            <span className="quiet" role="status">
              {text.runs.batchDone(summary.done, summary.total)}
              {text.runs.batchTrouble(troublesOf(summary))}
            </span>
          </>
        )}
      </ProgressBar>
      {isDone ? (
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

function troublesOf({ failed, refused, cancelled }: BatchSummary): string[] {
  return [
    failed > 0 ? text.runs.batchFailed(failed) : "",
    refused > 0 ? text.runs.batchRefused(refused) : "",
    cancelled > 0 ? text.runs.batchCancelled(cancelled) : "",
  ].filter(Boolean);
}
