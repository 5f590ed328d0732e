/** The form that runs a pipeline: its settings are those it was saved with. */

import { type FormEvent, type ReactNode, useState } from "react";
import { Form } from "react-aria-components";
import { errorMessage } from "../../../api/errors";
import type { Pipeline } from "../../../api/types";
import { useStudio } from "../../../studio/context";
import type { RunSource } from "../../../studio/dialogs";
import { text } from "../../../text";
import { QuotedText } from "../../../ui/UserText";
import { FormButtons } from "../../library/dialogs/BucketForm";

interface PipelineRunFormProps {
  source: RunSource;
  pipeline: Pipeline;
  close: () => void;
}

export function PipelineRunForm({ source, pipeline, close }: PipelineRunFormProps): ReactNode {
  const { runActions } = useStudio();
  const [failure, setFailure] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    const target = source.kind === "blobs" ? { blobIds: source.blobIds } : { bucketId: source.bucketId ?? "" };
    if (source.kind === "bucket" && source.bucketId === null) return setFailure(text.registry.bucketMissing);
    setBusy(true);
    runActions.requestPipeline({ pipelineId: pipeline.id, source: target }).then(
      (isStarted) => {
        if (isStarted) return close();
        setBusy(false);
        setFailure(text.runs.nothingFits);
      },
      (error: unknown) => {
        setBusy(false);
        setFailure(`${text.runs.startFailed} ${errorMessage(error)}`);
      },
    );
  };
  return (
    <Form onSubmit={onSubmit} validationBehavior="aria" className="run-form">
      {failure && (
        <p className="wrong" role="alert">
          <QuotedText text={failure} />
        </p>
      )}
      <FormButtons submitLabel={text.runs.start} isBusy={isBusy} close={close} />
    </Form>
  );
}
