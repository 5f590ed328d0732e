/** One note beside its expansion. */

import { memo, type ReactNode, useEffect, useRef, useState } from "react";
import { Button } from "react-aria-components";
import { wordCount, words } from "../model/words";
import { useAsk, useDraft, useStudio } from "./context";
import { Editor } from "./Editor";
import { Expansion } from "./Expansion";
import { NoteMenu } from "./NoteMenu";
import { SaveMark } from "./SaveMark";

export interface NoteRowProps {
  noteKey: string;
  number: number;
  bucketId: string;
  before: string | null | undefined;
  behind: string | undefined;
  isNew: boolean;
  places: number;
}

export const NoteRow = memo(function NoteRow(props: NoteRowProps): ReactNode {
  const { noteKey, number, bucketId, isNew, places } = props;
  const draft = useDraft(noteKey);
  const row = useRef<HTMLLIElement>(null);
  const isSeen = useSeen(row);
  const { deeds, drafts } = useStudio();
  if (!draft) return null;
  const name = `Note ${number}`;
  return (
    <li className="note-row" ref={row}>
      <div className="note-panes">
        <section className="note" aria-label={name}>
          <header className="pane-head">
            <h2>{name}</h2>
            <span className="quiet">{words(wordCount(draft.text))}</span>
            <PlacesMark blobId={draft.blobId} bucketId={bucketId} places={places} />
            <SaveMark draft={draft} />
            <NoteMenu {...props} draft={draft} />
          </header>
          {draft.state.kind === "conflict" && <ConflictBar noteKey={noteKey} />}
          {draft.state.kind === "refused" && (
            <p className="bar-note wrong" role="alert">
              Not saved: {draft.state.detail}
            </p>
          )}
          <Editor
            id={`text-${noteKey}`}
            label={name}
            text={draft.text}
            isNew={isNew}
            onType={(text) => drafts.type(noteKey, text)}
            onExpand={() => void deeds.expand(noteKey)}
          />
        </section>
        <Expansion
          noteKey={noteKey}
          name={name}
          blobId={draft.blobId}
          revision={draft.base?.revision ?? 0}
          hasText={draft.text.trim() !== ""}
          isSeen={isSeen}
        />
      </div>
    </li>
  );
});

interface PlacesMarkProps {
  blobId: string | null;
  bucketId: string;
  places: number;
}

/** Says that a change here is a change elsewhere too. */
function PlacesMark({ blobId, bucketId, places }: PlacesMarkProps): ReactNode {
  const ask = useAsk();
  if (!blobId || places < 2) return null;
  return (
    <Button className="link" onPress={() => ask({ kind: "places", blobId, from: bucketId })}>
      In {places} places
    </Button>
  );
}

function ConflictBar({ noteKey }: { noteKey: string }): ReactNode {
  const ask = useAsk();
  return (
    <div className="bar-note" role="alert">
      <p>This note was changed elsewhere while you were writing. Nothing is lost; go on writing, or decide now.</p>
      <Button className="button primary" onPress={() => ask({ kind: "conflict", key: noteKey })}>
        Compare and choose
      </Button>
    </div>
  );
}

/** True from the moment it comes near the screen, so that a long chapter is not read all at once. */
function useSeen(of: { current: Element | null }): boolean {
  const [isSeen, setSeen] = useState(false);
  useEffect(() => {
    if (!of.current || isSeen) return;
    const watch = new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && setSeen(true), {
      rootMargin: "400px",
    });
    watch.observe(of.current);
    return () => watch.disconnect();
  }, [of, isSeen]);
  return isSeen;
}
