/** Every dialog of the page in one place, outside of the tree and the editor, whose keys it would disturb. */

import type { ReactNode } from "react";
import { Dialog, Modal, ModalOverlay } from "react-aria-components";
import { CopyBucket, MoveBucket, NewBucket, RenameBucket } from "./BucketQuestions";
import { ConflictQuestion } from "./ConflictQuestion";
import { type Question, useStudio } from "./context";
import { History } from "./History";
import { Keys } from "./Keys";
import { Palette } from "./Palette";
import { HomeOfNote, PlaceNote, PlacesOfNote } from "./PlaceQuestions";
import { Purge, RestoreBucket, TrashBucket, TrashNote } from "./TrashQuestions";
import { UnsavedTexts } from "./Unsaved";

interface QuestionsProps {
  question: Question | null;
  close: () => void;
}

const WIDE: ReadonlySet<Question["kind"]> = new Set(["conflict", "unsaved", "history"]);

export function Questions({ question, close }: QuestionsProps): ReactNode {
  const { deeds } = useStudio();
  // A note that came back from the trash and is given no place would be nowhere to be seen.
  const leave = () => {
    if (question?.kind === "home") void deeds.trashNote(question.blobId);
    close();
  };
  return (
    <ModalOverlay className="overlay" isDismissable isOpen={question !== null} onOpenChange={(open) => open || leave()}>
      <Modal className={question && WIDE.has(question.kind) ? "modal wide" : "modal"}>
        {question && <Dialog className="dialog">{content(question, close, leave)}</Dialog>}
      </Modal>
    </ModalOverlay>
  );
}

function content(question: Question, close: () => void, leave: () => void): ReactNode {
  switch (question.kind) {
    case "create":
      return <NewBucket parent={question.parent} type={question.type} close={close} />;
    case "rename":
      return <RenameBucket id={question.id} close={close} />;
    case "move":
      return <MoveBucket id={question.id} close={close} />;
    case "copy":
      return <CopyBucket id={question.id} close={close} />;
    case "trash-bucket":
      return <TrashBucket id={question.id} close={close} />;
    case "trash-note":
      return <TrashNote blobId={question.blobId} from={question.from} close={close} />;
    case "restore":
      return <RestoreBucket id={question.id} name={question.name} close={close} />;
    case "home":
      return <HomeOfNote blobId={question.blobId} close={close} leave={leave} />;
    case "purge":
      return <Purge item={question.item} close={close} />;
    case "place":
      return <PlaceNote blobId={question.blobId} close={close} />;
    case "places":
      return <PlacesOfNote blobId={question.blobId} from={question.from} close={close} />;
    case "history":
      return <History blobId={question.blobId} close={close} />;
    case "conflict":
      return <ConflictQuestion noteKey={question.key} close={close} />;
    case "unsaved":
      return <UnsavedTexts close={close} />;
    case "palette":
      return <Palette close={close} />;
    case "keys":
      return <Keys close={close} />;
  }
}
