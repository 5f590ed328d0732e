/** The question before a note goes to the trash that stands in several places, where taking it out may be meant. */

import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Button } from "react-aria-components";
import { errorMessage } from "../../api/errors";
import { firstLine } from "../../language/segmentation";
import { useForest, useStudio } from "../../studio/context";
import { text } from "../../text";
import { DialogTitle } from "../../ui/DialogTitle";
import { Message } from "../../ui/Message";
import { UserText } from "../../ui/UserText";
import { PathList } from "../placements/PathList";

const EXCERPT_LENGTH = 160; // graphemes

interface TrashNoteDialogProps {
  blobId: string;
  /** The bucket it is looked at in. */
  bucketId: string;
  close: () => void;
}

export function TrashNoteDialog({ blobId, bucketId, close }: TrashNoteDialogProps): ReactNode {
  const { drafts, placements, queries, trash } = useStudio();
  const bucketType = useForest().byId.get(bucketId)?.type ?? text.general.bucketType;
  const places = useQuery(queries.places(blobId));
  const type = <UserText>{bucketType}</UserText>;
  const takeOut = () => {
    close();
    void placements.takeOut({ bucketId, blobId });
  };
  const moveToTrash = () => {
    close();
    void trash.trashBlob(blobId);
  };
  return (
    <>
      <DialogTitle>{text.trash.trashNoteTitle}</DialogTitle>
      <blockquote className="excerpt" dir="auto">
        {firstLine(drafts.get(drafts.keyOf(blobId))?.text ?? "", EXCERPT_LENGTH) || text.general.emptyNote}
      </blockquote>
      <p>
        <Message text={text.trash.trashNoteExplained(places.data?.length)} values={{ type }} />
      </p>
      <PathList paths={places.data ?? []} bucketId={bucketId} />
      {places.error && <p className="wrong">{errorMessage(places.error)}</p>}
      <div className="dialog-foot">
        <Button className="button" onPress={close}>
          {text.general.cancel}
        </Button>
        <Button className="button" autoFocus onPress={takeOut}>
          <Message text={text.notes.takeOutOfThis} values={{ type }} />
        </Button>
        <Button className="button danger" onPress={moveToTrash}>
          {text.general.moveToTrash}
        </Button>
      </div>
    </>
  );
}
