/** One note beside its expansion. */

import { memo, type ReactNode, useMemo, useRef } from "react";
import { Button } from "react-aria-components";
import { wordCount } from "../../language/segmentation";
import { useDraft, useStudio } from "../../studio/context";
import { useOpenDialog } from "../../studio/dialogs";
import { text } from "../../text";
import { formatWordCount } from "../../text/quantities";
import { ErrorBoundary } from "../../ui/ErrorBoundary";
import { useSeen } from "../../ui/hooks";
import { QuotedText } from "../../ui/UserText";
import { SaveStatus } from "../drafts/SaveStatus";
import { ExpansionPane } from "../processors/ExpansionPane";
import { Editor, editorId } from "./Editor";
import { NoteMenu } from "./NoteMenu";

const SEEN_MARGIN = "400px"; // around the screen, where expansions begin to be read

export interface NoteRowProps {
  draftKey: string;
  number: number;
  bucketId: string;
  /** The blob to stand behind for one position higher (null: first); undefined when it cannot go higher. */
  previous: string | null | undefined;
  /** The blob to stand behind for one position lower; undefined when it cannot go lower. */
  next: string | undefined;
  isNew: boolean;
  placeCount: number;
}

export const NoteRow = memo(function NoteRow(props: NoteRowProps): ReactNode {
  const { draftKey, number } = props;
  const draft = useDraft(draftKey);
  const row = useRef<HTMLLIElement>(null);
  const isSeen = useSeen(row, SEEN_MARGIN);
  if (!draft) return null;
  return (
    <li className="note-row" ref={row}>
      <div className="note-panes">
        <ErrorBoundary>
          <NotePane {...props} />
        </ErrorBoundary>
        <ErrorBoundary>
          <ExpansionPane
            draftKey={draftKey}
            noteName={text.notes.note(number)}
            blobId={draft.blobId}
            revision={draft.base?.revision ?? 0}
            hasText={draft.text.trim() !== ""}
            isSeen={isSeen}
          />
        </ErrorBoundary>
      </div>
    </li>
  );
});

function NotePane(props: NoteRowProps): ReactNode {
  const { draftKey, number, bucketId, isNew, placeCount } = props;
  const draft = useDraft(draftKey);
  const { expansions, drafts } = useStudio();
  const content = draft?.text ?? "";
  const length = useMemo(() => formatWordCount(wordCount(content)), [content]);
  if (!draft) return null;
  const name = text.notes.note(number);
  return (
    <section className="note" aria-label={name}>
      <header className="pane-head">
        <h2>{name}</h2>
        <span className="quiet">{length}</span>
        <PlacesLink blobId={draft.blobId} bucketId={bucketId} placeCount={placeCount} />
        <SaveStatus draft={draft} />
        <NoteMenu {...props} blobId={draft.blobId} />
      </header>
      {draft.state.kind === "conflict" && <ConflictBar draftKey={draftKey} />}
      {draft.state.kind === "refused" && (
        <p className="bar-note wrong" role="alert">
          <QuotedText text={text.notes.notSaved(draft.state.detail)} />
        </p>
      )}
      <Editor
        id={editorId(draftKey)}
        label={name}
        text={draft.text}
        isNew={isNew}
        onChange={(changed) => drafts.changeText(draftKey, changed)}
        onExpand={() => void expansions.expand(draftKey)}
      />
    </section>
  );
}

interface PlacesLinkProps {
  blobId: string | null;
  bucketId: string;
  placeCount: number;
}

/** Says that a change here is a change elsewhere too. */
function PlacesLink({ blobId, bucketId, placeCount }: PlacesLinkProps): ReactNode {
  const openDialog = useOpenDialog();
  if (!blobId || placeCount < 2) return null;
  return (
    <Button className="link" onPress={() => openDialog({ kind: "places", blobId, bucketId })}>
      {text.notes.inPlaces(placeCount)}
    </Button>
  );
}

function ConflictBar({ draftKey }: { draftKey: string }): ReactNode {
  const openDialog = useOpenDialog();
  return (
    <div className="bar-note" role="alert">
      <p>{text.notes.clashes}</p>
      <Button className="button primary" onPress={() => openDialog({ kind: "conflict", draftKey })}>
        {text.notes.compareAndChoose}
      </Button>
    </div>
  );
}
