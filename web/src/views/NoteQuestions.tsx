/** The dialogs about notes: into the trash, and into one more bucket. */

import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Button } from "react-aria-components";
import { pathInWords } from "../model/forest";
import { firstLine } from "../model/words";
import { BucketPicker } from "./BucketPicker";
import { useDraft, useForest, useStudio } from "./context";
import { Title } from "./Title";

interface NoteQuestionProps {
  noteKey: string;
  close: () => void;
}

export function TrashNote({ noteKey, close }: NoteQuestionProps): ReactNode {
  const studio = useStudio();
  const draft = useDraft(noteKey);
  const places = usePlaces(draft?.blobId ?? null);
  const go = () => {
    close();
    if (draft?.blobId) void studio.deeds.trashNote(draft.blobId);
    else studio.drafts.forget(noteKey);
  };
  return (
    <>
      <Title>Move this note to the trash?</Title>
      <blockquote className="excerpt">{firstLine(draft?.text ?? "", 160) || "An empty note"}</blockquote>
      {places.length > 1 && (
        <>
          <p>It goes from all its places:</p>
          <ul className="places">
            {places.map((place) => (
              <li key={place}>{place}</li>
            ))}
          </ul>
        </>
      )}
      <p className="quiet">Every version of it is kept, and it can be restored.</p>
      <div className="dialog-foot">
        <Button className="button" onPress={close} autoFocus>
          Cancel
        </Button>
        <Button className="button danger" onPress={go}>
          Move to the trash
        </Button>
      </div>
    </>
  );
}

export function PlaceNote({ noteKey, from, close }: NoteQuestionProps & { from: string }): ReactNode {
  const studio = useStudio();
  const draft = useDraft(noteKey);
  const forest = useForest();
  return (
    <>
      <Title>Place the note in another bucket too</Title>
      <p className="quiet">It stays one note: a change in one place is a change in all of them.</p>
      <BucketPicker
        label="Place the note in"
        allows={(branch) => branch.id !== from}
        pick={(bucketId) => {
          close();
          const name = forest.byId.get(bucketId ?? "")?.name;
          if (bucketId && draft?.blobId) {
            void studio.deeds.place(bucketId, draft.blobId, undefined, `The note is now in “${name}” too.`);
          }
        }}
      />
      <div className="dialog-foot">
        <Button className="button" onPress={close}>
          Cancel
        </Button>
      </div>
    </>
  );
}

/** Every path to this blob, in words, read when it is asked for. */
function usePlaces(blobId: string | null): string[] {
  const { api } = useStudio();
  const forest = useForest();
  const read = useQuery({
    queryKey: ["places", blobId],
    queryFn: () => api.blob(blobId ?? ""),
    enabled: blobId !== null,
    staleTime: 0,
  });
  return (read.data?.bucket_ids ?? []).map((id) => pathInWords(forest, id) || "a bucket that is not in the tree");
}
