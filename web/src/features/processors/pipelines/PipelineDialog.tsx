/** The editor of a pipeline: its name, and its processors with their settings and conditions. */

import { useQuery } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useRef, useState } from "react";
import { Button, Form } from "react-aria-components";
import { errorMessage } from "../../../api/errors";
import type { Pipeline, Processor } from "../../../api/types";
import { useStudio } from "../../../studio/context";
import { text } from "../../../text";
import { DialogTitle } from "../../../ui/DialogTitle";
import { Icon } from "../../../ui/Icon";
import { QueryError } from "../../../ui/QueryError";
import { QuotedText } from "../../../ui/UserText";
import { FormButtons, NameField } from "../../library/dialogs/BucketForm";
import { type DraftStage, draftOf, processorsBehind, type SettingsReader, stageOf } from "./chain";
import type { PipelineDraft } from "./pipelineActions";
import { StageFields } from "./StageFields";

interface PipelineDialogProps {
  /** Null for a new one. */
  pipeline: Pipeline | null;
  close: () => void;
}

export function PipelineDialog({ pipeline, close }: PipelineDialogProps): ReactNode {
  const processors = useQuery(useStudio().queries.processors);
  return (
    <>
      <DialogTitle>{pipeline ? text.pipelines.editTitle : text.pipelines.createTitle}</DialogTitle>
      {processors.error && (
        <QueryError
          className="trouble"
          message={text.registry.unreadable}
          error={processors.error}
          retry={processors.refetch}
        />
      )}
      {processors.data && <PipelineForm pipeline={pipeline} processors={processors.data} close={close} />}
    </>
  );
}

interface PipelineFormProps extends PipelineDialogProps {
  processors: readonly Processor[];
}

function PipelineForm({ pipeline, processors, close }: PipelineFormProps): ReactNode {
  const [stages, setStages] = useState(() => firstDraft(pipeline, processors));
  const readers = useRef(new Map<number, SettingsReader>());
  const { failure, isBusy, save } = useSaving(pipeline, close);
  const onSubmit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const settings = stages.map(({ key }) => readers.current.get(key)?.() ?? null);
    if (settings.some((one) => one === null)) return;
    const sent = stages.map((stage, place) => stageOf({ ...stage, settings: settings[place] ?? {} }));
    save({ name: String(new FormData(event.currentTarget).get("name") ?? ""), stages: sent });
  };
  return (
    <Form onSubmit={onSubmit} validationBehavior="aria" className="run-form">
      <NameField defaultName={pipeline?.name ?? ""} />
      <StageList
        stages={stages}
        setStages={setStages}
        processors={processors}
        register={(key, read) => readers.current.set(key, read)}
      />
      {failure && (
        <p className="wrong" role="alert">
          <QuotedText text={failure} />
        </p>
      )}
      <FormButtons submitLabel={text.pipelines.save} isBusy={isBusy} close={close} />
    </Form>
  );
}

function useSaving(pipeline: Pipeline | null, close: () => void) {
  const { pipelineActions } = useStudio();
  const [failure, setFailure] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const save = (draft: PipelineDraft) => {
    setFailure(null);
    setBusy(true);
    pipelineActions.save(draft, pipeline).then(close, (error: unknown) => {
      setBusy(false);
      setFailure(`${text.pipelines.saveFailed} ${errorMessage(error)}`);
    });
  };
  return { failure, isBusy, save };
}

interface StageListProps {
  stages: readonly DraftStage[];
  setStages: (change: (all: DraftStage[]) => DraftStage[]) => void;
  processors: readonly Processor[];
  register: (key: number, read: SettingsReader) => void;
}

function StageList({ stages, setStages, processors, register }: StageListProps): ReactNode {
  const known = (stage: DraftStage | undefined) => processors.find(({ id }) => id === stage?.processorId);
  const next = processorsBehind(known(stages.at(-1)), processors)[0];
  return (
    <fieldset className="stages">
      <legend>{text.pipelines.chain}</legend>
      {stages.map((stage, place) => (
        <StageFields
          key={`${stage.key} ${stage.processorId}`}
          number={place + 1}
          stage={stage}
          choices={processorsBehind(known(stages[place - 1]), processors)}
          processor={known(stage)}
          register={(read) => register(stage.key, read)}
          change={(changed) => setStages((all) => all.map((one) => (one.key === changed.key ? changed : one)))}
          remove={stages.length > 1 ? () => setStages((all) => all.filter(({ key }) => key !== stage.key)) : null}
        />
      ))}
      {next ? (
        <Button className="button" onPress={() => setStages((all) => [...all, newStage(all, next)])}>
          <Icon name="plus" /> {text.pipelines.addStage}
        </Button>
      ) : (
        <p className="quiet">{text.pipelines.nothingFits}</p>
      )}
    </fieldset>
  );
}

function firstDraft(pipeline: Pipeline | null, [first]: readonly Processor[]): DraftStage[] {
  if (pipeline) return draftOf(pipeline.stages);
  return first ? [newStage([], first)] : [];
}

function newStage(stages: readonly DraftStage[], processor: Processor): DraftStage {
  const key = 1 + Math.max(-1, ...stages.map((stage) => stage.key));
  return { key, processorId: processor.id, settings: {}, model: null, when: "" };
}
