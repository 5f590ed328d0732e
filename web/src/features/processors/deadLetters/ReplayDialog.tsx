/** The dialog that edits what a run was given, and requests it again. */

import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Form } from "react-aria-components";
import type { Blob, DeadLetter } from "../../../api/types";
import { useStudio } from "../../../studio/context";
import { text } from "../../../text";
import { DialogTitle } from "../../../ui/DialogTitle";
import { QueryError } from "../../../ui/QueryError";
import { QuotedText } from "../../../ui/UserText";
import { FormButtons } from "../../library/dialogs/BucketForm";
import { SchemaFields } from "../settings/SchemaFields";
import { useSchemaForm } from "../settings/useSchemaForm";
import { useSubmission } from "../settings/useSettingsForm";

interface ReplayDialogProps {
  letter: DeadLetter;
  close: () => void;
}

export function ReplayDialog({ letter, close }: ReplayDialogProps): ReactNode {
  const { queries } = useStudio();
  const blob = useQuery({ ...queries.blob(letter.work.blob_id), staleTime: 0, gcTime: 0 });
  const { schema_id: schemaId = "", schema_version: version = "" } = blob.data ?? {};
  const schema = useQuery({ ...queries.schema(schemaId, version), enabled: blob.isSuccess });
  const isReady = blob.isSuccess && blob.isFetchedAfterMount && !schema.isPending;
  return (
    <>
      <DialogTitle>{text.deadLetters.editTitle}</DialogTitle>
      <p className="quiet">{text.deadLetters.editExplained}</p>
      <section className="bar-note wrong" aria-label={text.deadLetters.why}>
        <QuotedText text={letter.reason || text.runs.unexplained} />
      </section>
      {blob.error && (
        <QueryError className="trouble" message={text.content.unreadable} error={blob.error} retry={blob.refetch} />
      )}
      {!isReady && !blob.error && <p role="status">{text.deadLetters.reading}</p>}
      {isReady && <ReplayForm letter={letter} blob={blob.data} schema={schema.data?.json_schema} close={close} />}
    </>
  );
}

interface ReplayFormProps extends ReplayDialogProps {
  blob: Blob;
  /** Undefined when it could not be read: then all is edited as JSON. */
  schema: unknown;
}

function ReplayForm({ letter, blob, schema, close }: ReplayFormProps): ReactNode {
  const { deadLetters } = useStudio();
  const form = useSchemaForm({ schema, data: blob.data, keepDefaults: true });
  const { isBusy, error, submit } = useSubmission(form, { prefix: "/data", failure: text.deadLetters.replayFailed });
  return (
    <Form
      validationBehavior="aria"
      onSubmit={(event) =>
        submit(event, null, async (data) => {
          await deadLetters.replayWith(letter, data);
          close();
        })
      }
    >
      <SchemaFields form={form} />
      {error}
      <FormButtons submitLabel={text.deadLetters.replay} isBusy={isBusy} close={close} />
    </Form>
  );
}
