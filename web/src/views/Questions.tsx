/** Every dialog of the page in one place, outside of the tree and the editor, whose keys it would disturb. */

import type { ReactNode } from "react";
import { Dialog, Modal, ModalOverlay } from "react-aria-components";
import { MoveBucket, NewBucket, RenameBucket } from "./BucketQuestions";
import { ConflictQuestion } from "./ConflictQuestion";
import type { Question } from "./context";
import { Keys } from "./Keys";
import { PlaceNote, TrashNote } from "./NoteQuestions";
import { Palette } from "./Palette";
import { UnsavedTexts } from "./Unsaved";

interface QuestionsProps {
  question: Question | null;
  close: () => void;
}

const WIDE: ReadonlySet<Question["kind"]> = new Set(["conflict", "unsaved"]);

export function Questions({ question, close }: QuestionsProps): ReactNode {
  return (
    <ModalOverlay className="overlay" isDismissable isOpen={question !== null} onOpenChange={(open) => open || close()}>
      <Modal className={question && WIDE.has(question.kind) ? "modal wide" : "modal"}>
        {question && <Dialog className="dialog">{content(question, close)}</Dialog>}
      </Modal>
    </ModalOverlay>
  );
}

function content(question: Question, close: () => void): ReactNode {
  switch (question.kind) {
    case "create":
      return <NewBucket parent={question.parent} type={question.type} close={close} />;
    case "rename":
      return <RenameBucket id={question.id} close={close} />;
    case "move":
      return <MoveBucket id={question.id} close={close} />;
    case "trash":
      return <TrashNote noteKey={question.key} close={close} />;
    case "place":
      return <PlaceNote noteKey={question.key} from={question.from} close={close} />;
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
