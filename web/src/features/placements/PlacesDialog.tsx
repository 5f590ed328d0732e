/** The dialog that shows where a note stands, with a link to each place, and offers one more. */

import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Button } from "react-aria-components";
import { errorMessage } from "../../api/errors";
import { useStudio } from "../../studio/context";
import { useOpenDialog } from "../../studio/dialogs";
import { text } from "../../text";
import { DialogTitle } from "../../ui/DialogTitle";
import { PathList } from "./PathList";

interface PlacesDialogProps {
  blobId: string;
  /** The bucket it is looked at in. */
  bucketId: string;
  close: () => void;
}

export function PlacesDialog({ blobId, bucketId, close }: PlacesDialogProps): ReactNode {
  const { placements, queries } = useStudio();
  const openDialog = useOpenDialog();
  const { data: paths = [], error } = useQuery(queries.places(blobId));
  const takeOut = (from: string) => void placements.takeOut({ bucketId: from, blobId });
  return (
    <>
      <DialogTitle>{text.notes.placesTitle}</DialogTitle>
      <p className="quiet">{text.notes.placesExplained}</p>
      {error && <p className="wrong">{errorMessage(error)}</p>}
      <PathList paths={paths} bucketId={bucketId} onOpen={close} onTakeOut={paths.length > 1 ? takeOut : undefined} />
      <div className="dialog-foot">
        <Button className="button" onPress={() => openDialog({ kind: "place-note", blobId })}>
          {text.general.placeElsewhere}
        </Button>
        <Button className="button primary" onPress={close} autoFocus>
          {text.general.close}
        </Button>
      </div>
    </>
  );
}
