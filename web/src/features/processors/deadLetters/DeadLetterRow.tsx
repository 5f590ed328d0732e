/** One run that was given up: why, and what can be done about it. */

import { memo, type ReactNode, useRef } from "react";
import { Button } from "react-aria-components";
import type { DeadLetter } from "../../../api/types";
import { useStudio } from "../../../studio/context";
import { useOpenDialog } from "../../../studio/dialogs";
import { text } from "../../../text";
import { Age } from "../../../ui/Age";
import { useSeen } from "../../../ui/hooks";
import { QuotedText, UserText } from "../../../ui/UserText";
import { useBlobTitle } from "../../content/useBlobTitle";

const SEEN_MARGIN = "300px";

interface DeadLetterRowProps {
  letter: DeadLetter;
  processorName: string;
  /** When the list was read (ms). */
  now: number;
}

export const DeadLetterRow = memo(function DeadLetterRow({
  letter,
  processorName,
  now,
}: DeadLetterRowProps): ReactNode {
  const element = useRef<HTMLLIElement>(null);
  const isSeen = useSeen(element, SEEN_MARGIN);
  const title = useBlobTitle(letter.work.blob_id, isSeen);
  const name = text.runs.nameOf(processorName, title ?? text.runs.sourceGone);
  return (
    <li ref={element} className="run">
      <article aria-label={name}>
        <header>
          <span className="row-name">
            <UserText>{processorName}</UserText>{" "}
            <span className="source">
              <UserText>{title ?? text.runs.sourceGone}</UserText>
            </span>
          </span>
          <LetterButtons letter={letter} name={name} hasSource={title !== null} />
        </header>
        <p className="reason wrong">
          <QuotedText text={letter.reason || text.runs.unexplained} />
        </p>
        <p className="quiet">
          <Age at={letter.created_at} now={now} describe={text.deadLetters.givenUp} />
          {text.trash.separator}
          {text.deadLetters.attempts(letter.attempts)}
        </p>
      </article>
    </li>
  );
});

interface LetterButtonsProps {
  letter: DeadLetter;
  name: string;
  hasSource: boolean;
}

function LetterButtons({ letter, name, hasSource }: LetterButtonsProps): ReactNode {
  const { deadLetters } = useStudio();
  const openDialog = useOpenDialog();
  return (
    <div className="row">
      {hasSource && (
        <>
          <Button
            className="button"
            aria-label={text.deadLetters.editName(name)}
            onPress={() => openDialog({ kind: "replay", letter })}
          >
            {text.deadLetters.edit}
          </Button>
          <Button
            className="button"
            aria-label={text.deadLetters.replayName(name)}
            onPress={() => void deadLetters.replay(letter)}
          >
            {text.deadLetters.replay}
          </Button>
        </>
      )}
      <Button
        className="button"
        aria-label={text.deadLetters.discardName(name)}
        onPress={() => void deadLetters.discard(letter)}
      >
        {text.deadLetters.discard}
      </Button>
    </div>
  );
}
