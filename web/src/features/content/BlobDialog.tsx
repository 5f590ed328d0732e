/** The dialog that shows one blob: its content, what it was made of, and where it stands. */

import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Button } from "react-aria-components";
import { Problem } from "../../api/errors";
import type { Blob } from "../../api/types";
import { useStudio } from "../../studio/context";
import { useOpenDialog } from "../../studio/dialogs";
import { text } from "../../text";
import { describeSchema } from "../../text/processing/registry";
import { DialogTitle } from "../../ui/DialogTitle";
import { QueryError } from "../../ui/QueryError";
import { UserText } from "../../ui/UserText";
import { PathList } from "../placements/PathList";
import { BlobContent } from "./BlobContent";

interface BlobDialogProps {
  blobId: string;
  close: () => void;
}

export function BlobDialog({ blobId, close }: BlobDialogProps): ReactNode {
  const { data: blob, error, isPending, refetch } = useQuery(useStudio().queries.blob(blobId));
  const isGone = error instanceof Problem && error.status === 404;
  return (
    <>
      <DialogTitle>{blob ? text.content.titleOf(describeSchema(blob.schema_id)) : text.content.title}</DialogTitle>
      {isPending && <p role="status">{text.general.reading}</p>}
      {isGone && <p>{text.content.gone}</p>}
      {error && !isGone && (
        <QueryError className="trouble" message={text.content.unreadable} error={error} retry={refetch} />
      )}
      {blob && <BlobDetails blob={blob} close={close} />}
      <div className="dialog-foot">
        {blob?.parent_id && <SourceButton parentId={blob.parent_id} />}
        <Button className="button primary" onPress={close} autoFocus>
          {text.general.close}
        </Button>
      </div>
    </>
  );
}

function BlobDetails({ blob, close }: { blob: Blob; close: () => void }): ReactNode {
  const { data: paths } = useQuery(useStudio().queries.places(blob.id));
  return (
    <>
      {blob.parent_id !== null && (
        <p className="quiet">
          <UserText>{text.content.madeBy(blob.processor_id)}</UserText>
        </p>
      )}
      <BlobContent blob={blob} />
      <section className="where" aria-label={text.content.places}>
        <h3>{text.content.places}</h3>
        {paths?.length === 0 ? (
          <p className="quiet">{text.content.noPlace}</p>
        ) : (
          <PathList paths={paths ?? []} bucketId="" onOpen={close} />
        )}
      </section>
    </>
  );
}

function SourceButton({ parentId }: { parentId: string }): ReactNode {
  const openDialog = useOpenDialog();
  return (
    <Button className="button" onPress={() => openDialog({ kind: "blob", blobId: parentId })}>
      {text.content.openSource}
    </Button>
  );
}
