/** A derived text whose paragraphs can be accepted one by one. */

import type { ReactNode } from "react";
import { Button } from "react-aria-components";
import type { Blob } from "../../../api/types";
import { splitParagraphs } from "../../../language/paragraphs";
import { useStudio } from "../../../studio/context";
import { text } from "../../../text";
import { Icon } from "../../../ui/Icon";
import { acceptedNumbers } from "./acceptedText";

interface AcceptableTextProps {
  noteId: string;
  derived: Blob;
  content: string;
  accepted: Blob | null;
}

export function AcceptableText({ noteId, derived, content, accepted }: AcceptableTextProps): ReactNode {
  const { acceptances } = useStudio();
  const taken = acceptedNumbers(accepted, derived.id);
  const accept = (number: number) =>
    void acceptances.accept({ noteId, derivedId: derived.id, paragraphs: [number], seen: accepted });
  return (
    <ol className="prose written acceptable">
      {splitParagraphs(content).map((paragraph, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: paragraphs are counted
        <li key={index} data-accepted={taken.has(index + 1) || undefined}>
          <p dir="auto">{paragraph}</p>
          {taken.has(index + 1) ? (
            <span className="accept-mark">
              <Icon name="check" /> {text.acceptance.isAccepted}
            </span>
          ) : (
            <Button
              className="link accept-mark"
              aria-label={text.acceptance.acceptParagraph(index + 1)}
              onPress={() => accept(index + 1)}
            >
              {text.acceptance.accept}
            </Button>
          )}
        </li>
      ))}
    </ol>
  );
}
