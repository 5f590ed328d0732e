/** The dialogs that give a note a place: one more of them, or a new one after all were lost. */

import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Button } from "react-aria-components";
import { useForest, useStudio } from "../../studio/context";
import { text } from "../../text";
import { DialogTitle } from "../../ui/DialogTitle";
import { BucketPicker } from "../library/dialogs/BucketPicker";

export function PlaceNoteDialog({ blobId, close }: { blobId: string; close: () => void }): ReactNode {
  return (
    <>
      <DialogTitle>{text.notes.placeTitle}</DialogTitle>
      <p className="quiet">{text.notes.placeExplained}</p>
      <PlacePicker blobId={blobId} close={close} message={text.notes.nowAlsoIn} />
      <div className="dialog-foot">
        <Button className="button" onPress={close}>
          {text.general.cancel}
        </Button>
      </div>
    </>
  );
}

interface RestoredNoteDialogProps {
  blobId: string;
  close: () => void;
  /** Closes the dialog without a place for the note. */
  dismiss: () => void;
}

/** For a restored note whose buckets are all in the trash, or deleted. */
export function RestoredNoteDialog({ blobId, close, dismiss }: RestoredNoteDialogProps): ReactNode {
  return (
    <>
      <DialogTitle>{text.notes.homeTitle}</DialogTitle>
      <p className="quiet">{text.notes.homeExplained}</p>
      <PlacePicker blobId={blobId} close={close} message={text.notes.restoredInto} />
      <div className="dialog-foot">
        <Button className="button" onPress={dismiss}>
          {text.general.leaveInTrash}
        </Button>
      </div>
    </>
  );
}

interface PlacePickerProps {
  blobId: string;
  close: () => void;
  /** The message when it has worked, by the bucket's quoted name. */
  message: (name: string) => string;
}

function PlacePicker({ blobId, close, message }: PlacePickerProps): ReactNode {
  const { placements, queries } = useStudio();
  const forest = useForest();
  const taken = new Set(useQuery(queries.places(blobId)).data?.map((path) => path.at(-1)?.id));
  const place = (bucketId: string | null) => {
    close();
    if (bucketId === null) return;
    const name = forest.byId.get(bucketId)?.name ?? text.general.theBucket;
    void placements.place({ bucketId, blobId }, message(`“${name}”`));
  };
  return <BucketPicker label={text.notes.placeIn} allows={(branch) => !taken.has(branch.id)} onPick={place} />;
}
