/** The page of the user's pipelines, with the progress of what was started. */

import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Button } from "react-aria-components";
import type { Pipeline } from "../../../api/types";
import { useStudio } from "../../../studio/context";
import { useOpenDialog } from "../../../studio/dialogs";
import { text } from "../../../text";
import { useDelayedTrue } from "../../../ui/hooks";
import { Icon } from "../../../ui/Icon";
import { QueryError } from "../../../ui/QueryError";
import { UserText } from "../../../ui/UserText";
import { BatchList } from "../batches/BatchList";
import { ProcessorTabs } from "../ProcessorTabs";

const SLOW_MS = 300;

export function PipelinesPage(): ReactNode {
  const openDialog = useOpenDialog();
  const { data, error, isPending, refetch } = useQuery(useStudio().queries.pipelines);
  const isSlow = useDelayedTrue(isPending, SLOW_MS);
  return (
    <article className="chapter" aria-labelledby="pipelines-name">
      <ProcessorTabs />
      <header className="chapter-head">
        <div>
          <h1 id="pipelines-name">{text.pipelines.title}</h1>
          <p className="quiet">{text.pipelines.explained}</p>
        </div>
        <Button className="button primary" onPress={() => openDialog({ kind: "pipeline", pipeline: null })}>
          <Icon name="plus" /> {text.pipelines.create}
        </Button>
      </header>
      <BatchList />
      {isSlow && <p role="status">{text.general.opening}</p>}
      {error && <QueryError className="trouble" message={text.pipelines.unreadable} error={error} retry={refetch} />}
      {data?.length === 0 && <p className="teach">{text.pipelines.isEmpty}</p>}
      {data && data.length > 0 && (
        <ul className="cards" aria-label={text.pipelines.list}>
          {data.map((pipeline) => (
            <PipelineCard pipeline={pipeline} key={pipeline.id} />
          ))}
        </ul>
      )}
    </article>
  );
}

function PipelineCard({ pipeline }: { pipeline: Pipeline }): ReactNode {
  const { data: processors = [] } = useQuery(useStudio().queries.processors);
  const { id, name, stages } = pipeline;
  const titleId = `name-of-${id}`;
  const nameOf = (processorId: string) => processors.find((one) => one.id === processorId)?.name ?? processorId;
  return (
    <li className="card">
      <article aria-labelledby={titleId}>
        <header className="card-head">
          <h2 id={titleId} dir="auto">
            {name}
          </h2>
          <PipelineButtons pipeline={pipeline} />
        </header>
        <ol className="chain">
          {stages.map(({ processor_id, when }, place) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: two stages may be of one processor
            <li key={place}>
              <UserText>{nameOf(processor_id)}</UserText>
              {when && (
                <code className="quiet" dir="ltr">
                  {when}
                </code>
              )}
            </li>
          ))}
        </ol>
      </article>
    </li>
  );
}

function PipelineButtons({ pipeline }: { pipeline: Pipeline }): ReactNode {
  const { pipelineActions } = useStudio();
  const openDialog = useOpenDialog();
  const { id, name } = pipeline;
  return (
    <div className="row">
      <Button
        className="button"
        aria-label={text.pipelines.runName(name)}
        onPress={() => openDialog({ kind: "run", source: { kind: "bucket", bucketId: null }, processorId: id })}
      >
        <Icon name="spark" /> {text.pipelines.run}
      </Button>
      <Button
        className="button"
        aria-label={text.pipelines.editName(name)}
        onPress={() => openDialog({ kind: "pipeline", pipeline })}
      >
        {text.pipelines.edit}
      </Button>
      <Button
        className="icon-button"
        aria-label={text.pipelines.removeName(name)}
        onPress={() => void pipelineActions.remove(pipeline)}
      >
        <Icon name="trash" />
      </Button>
    </div>
  );
}
