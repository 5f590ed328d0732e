/** The dialog that runs a processor now: on which texts, which processor, and with which settings. */

import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { Form } from "react-aria-components";
import type { NewEstimate } from "../../../api/client";
import type { Instance, Pipeline, Processor } from "../../../api/types";
import { useForest, useStudio } from "../../../studio/context";
import type { RunSource } from "../../../studio/dialogs";
import { text } from "../../../text";
import { describeSchema } from "../../../text/processing/registry";
import { DialogTitle } from "../../../ui/DialogTitle";
import { Message } from "../../../ui/Message";
import { QueryError } from "../../../ui/QueryError";
import { UserPath } from "../../../ui/UserText";
import { FormButtons } from "../../library/dialogs/BucketForm";
import { type Forest, pathTo } from "../../library/forest";
import { PipelineChoice } from "../pipelines/PipelineChoice";
import { PipelineRunForm } from "../pipelines/PipelineRunForm";
import { RunEstimate } from "../prompts/RunEstimate";
import { BucketChoice } from "../registry/SwitchOnDialog";
import { SettingsSection } from "../settings/SettingsSection";
import { useSettingsForm } from "../settings/useSettingsForm";
import { BlobChoice, type BlobSelection } from "./BlobChoice";
import { ProcessorChoice } from "./ProcessorChoice";
import { takesSchema } from "./schemaPatterns";

interface RunDialogProps {
  source: RunSource;
  /** What is chosen at first: a processor, or a pipeline. */
  processorId: string | undefined;
  close: () => void;
}

export function RunDialog({ source: given, processorId, close }: RunDialogProps): ReactNode {
  const { queries } = useStudio();
  const processors = useQuery(queries.processors);
  const pipelines = useQuery(queries.pipelines);
  const [bucketId, setBucketId] = useState(given.kind === "bucket" ? given.bucketId : null);
  const [chosenId, choose] = useState(processorId ?? null);
  const source: RunSource = given.kind === "bucket" ? { kind: "bucket", bucketId } : given;
  const fitting = processors.data?.filter((one) => given.kind === "bucket" || takesSchema(one, given.schemaId));
  const chains = pipelinesOf(pipelines.data, fitting);
  const pipeline = chains.find(({ id }) => id === chosenId) ?? null;
  const processor = fitting?.find(({ id }) => id === chosenId) ?? fitting?.[0];
  return (
    <>
      <DialogTitle>{text.runs.runTitle}</DialogTitle>
      <SourceLine source={source} />
      {given.kind === "bucket" && given.bucketId === null && <BucketChoice bucketId={bucketId} choose={setBucketId} />}
      {processors.error && (
        <QueryError
          className="trouble"
          message={text.registry.unreadable}
          error={processors.error}
          retry={processors.refetch}
        />
      )}
      {processors.isPending && <p role="status">{text.general.reading}</p>}
      {fitting?.length === 0 && given.kind === "blobs" && (
        <p>{text.runs.noProcessorTakes(describeSchema(given.schemaId))}</p>
      )}
      {fitting && processor && (
        <>
          <ProcessorChoice processors={fitting} chosen={pipeline ? null : processor} choose={choose} />
          <PipelineChoice pipelines={chains} chosen={pipeline} choose={choose} />
          {pipeline && <PipelineRunForm source={source} pipeline={pipeline} close={close} />}
          {!pipeline && <ProcessorRunForm source={source} processor={processor} close={close} />}
        </>
      )}
    </>
  );
}

/** Returns the pipelines whose first processor is one of these. */
function pipelinesOf(all: readonly Pipeline[] = [], fitting: readonly Processor[] = []): Pipeline[] {
  return all.filter(({ stages }) => fitting.some(({ id }) => id === stages[0]?.processor_id));
}

type ProcessorRunFormProps = Omit<RunFormProps, "instances">;

/** The form of a processor, as soon as its usual settings are known. */
function ProcessorRunForm({ source, processor, close }: ProcessorRunFormProps): ReactNode {
  const instances = useQuery(useStudio().queries.instances);
  if (!instances.data) return null;
  return <RunForm source={source} processor={processor} instances={instances.data} close={close} key={processor.id} />;
}

function SourceLine({ source }: { source: RunSource }): ReactNode {
  const path = pathTo(useForest(), source.kind === "bucket" ? source.bucketId : null);
  if (source.kind === "blobs") return <p className="quiet">{text.runs.runOnBlobs(source.blobIds.length)}</p>;
  if (source.bucketId === null) return <p className="quiet">{text.runs.runOnNothing}</p>;
  return (
    <p className="quiet">
      <Message text={text.runs.runOnBucket} values={{ name: <UserPath path={path} /> }} />
    </p>
  );
}

interface RunFormProps {
  source: RunSource;
  processor: Processor;
  instances: readonly Instance[];
  close: () => void;
}

function RunForm({ source, processor, instances, close }: RunFormProps): ReactNode {
  const { runActions } = useStudio();
  const forest = useForest();
  const [selection, select] = useState<BlobSelection>("all");
  const bucketId = source.kind === "bucket" ? source.bucketId : null;
  const [usual] = useState(() => usualSettings(instances, processor.id, forest, bucketId));
  const isWhole = bucketId !== null && processor.whole_bucket;
  const estimated = severalOf(source, selection);
  const form = useSettingsForm(processor, usual, text.runs.startFailed, async (settings) => {
    const target = targetOf(source, selection);
    const count = await runActions.request({ processorId: processor.id, settings, source: target });
    if (count === 0) throw new Error(text.runs.nothingFits);
    close();
  });
  return (
    <Form onSubmit={form.onSubmit} validationBehavior="aria" className="run-form">
      {bucketId !== null && !isWhole && (
        <BlobChoice bucketId={bucketId} processor={processor} selection={selection} select={select} key={bucketId} />
      )}
      <SettingsSection processor={processor} form={form.fields} hidden={isWhole ? "/bucket_id" : undefined} />
      {estimated && <RunEstimate request={{ processorId: processor.id, settings: usual, source: estimated }} />}
      {form.error}
      <FormButtons submitLabel={text.runs.start} isBusy={form.isBusy} close={close} />
    </Form>
  );
}

/** Returns what to run on. Raises an Error with a message for the user when that is not chosen yet. */
function targetOf(source: RunSource, selection: BlobSelection): { blobIds: readonly string[] } | { bucketId: string } {
  if (source.kind === "blobs") return { blobIds: source.blobIds };
  if (source.bucketId === null) throw new Error(text.registry.bucketMissing);
  if (selection === "all") return { bucketId: source.bucketId };
  if (selection.size === 0) throw new Error(text.runs.nothingChosen);
  return { blobIds: [...selection] };
}

/** Returns what to estimate: a bucket or several texts; null for one text, and as long as nothing is chosen. */
function severalOf(source: RunSource, selection: BlobSelection): NewEstimate["source"] | null {
  const blobIds = source.kind === "blobs" ? source.blobIds : selection === "all" ? null : [...selection];
  if (blobIds !== null) return blobIds.length > 1 ? { blobIds } : null;
  return source.kind === "bucket" && source.bucketId !== null ? { bucketId: source.bucketId } : null;
}

/** Returns the settings that the processor has nearest to the bucket. */
function usualSettings(
  instances: readonly Instance[],
  processorId: string,
  forest: Forest,
  bucketId: string | null,
): Record<string, unknown> {
  const around = pathTo(forest, bucketId).map(({ id }) => id);
  const places: (string | null)[] = [...around.reverse(), null];
  const distance = ({ bucket_id }: Instance) => places.indexOf(bucket_id);
  const [nearest] = instances
    .filter((instance) => instance.processor_id === processorId && distance(instance) >= 0)
    .sort((one, other) => distance(one) - distance(other));
  return nearest?.settings ?? {};
}
