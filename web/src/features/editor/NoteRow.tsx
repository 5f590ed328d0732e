/** One note beside its expansion. */

import { memo, type ReactNode, useMemo, useRef, useState } from "react";
import { Button } from "react-aria-components";
import { createWordCounter } from "../../language/wordCounter";
import { useDraft, useStudio } from "../../studio/context";
import { useOpenDialog } from "../../studio/dialogs";
import { text } from "../../text";
import { formatWordCount } from "../../text/quantities";
import { ErrorBoundary } from "../../ui/ErrorBoundary";
import { useSeen } from "../../ui/hooks";
import { QuotedText } from "../../ui/UserText";
import type { Draft } from "../drafts/draft";
import { SaveStatus } from "../drafts/SaveStatus";
import { ExpansionPane } from "../processors/ExpansionPane";
import { Editor } from "./Editor";
import { editorId } from "./editorProps";
import { NoteMenu } from "./NoteMenu";

const SEEN_MARGIN = "600px"; // around the screen, where editors open and expansions begin to be read

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
  const { draftKey, number, isNew } = props;
  const draft = useDraft(draftKey);
  const row = useRef<HTMLLIElement>(null);
  const isSeen = useSeen(row, SEEN_MARGIN);
  if (!draft) return null;
  return (
    <li className="note-row" ref={row} data-draft={draftKey}>
      <div className="note-panes">
        <ErrorBoundary>
          <NotePane {...props} draft={draft} isSeen={isSeen || isNew} />
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

interface NotePaneProps extends NoteRowProps {
  draft: Draft;
  isSeen: boolean;
}

function NotePane({ draft, isSeen, ...props }: NotePaneProps): ReactNode {
  const { draftKey, number } = props;
  const { expansions, drafts } = useStudio();
  const [countWords] = useState(createWordCounter);
  const length = useMemo(() => formatWordCount(countWords(draft.text)), [countWords, draft.text]);
  const name = text.notes.note(number);
  return (
    <section className="note" aria-label={name}>
      <NoteHead {...props} length={length} blobId={draft.blobId} />
      {draft.state.kind === "conflict" && <ConflictBar draftKey={draftKey} />}
      {draft.state.kind === "refused" && (
        <RefusedBar detail={draft.state.detail} blobId={isGone(draft.state.status) ? draft.blobId : null} />
      )}
      {isSeen ? (
        <Editor
          id={editorId(draftKey)}
          label={name}
          text={draft.text}
          isNew={props.isNew}
          onChange={(changed) => drafts.changeText(draftKey, changed)}
          onExpand={() => void expansions.expand(draftKey)}
        />
      ) : (
        <div className="still-text prose" dir="auto">
          {draft.text}
        </div>
      )}
    </section>
  );
}

/** The line above a note. It is not drawn again by each keystroke. */
const NoteHead = memo(function NoteHead(props: NoteRowProps & { length: string; blobId: string | null }): ReactNode {
  const { draftKey, number, bucketId, placeCount, length, blobId } = props;
  return (
    <header className="pane-head">
      <h2>{text.notes.note(number)}</h2>
      <span className="quiet">{length}</span>
      <PlacesLink blobId={blobId} bucketId={bucketId} placeCount={placeCount} />
      <SaveStatus draftKey={draftKey} />
      <NoteMenu {...props} blobId={blobId} />
    </header>
  );
});

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

/** True for the answers about a note that is in the trash, or was there and is deleted. */
function isGone(status: number): boolean {
  return status === 409 || status === 404;
}

/** `blobId` names a note that may be in the trash, and can be restored. */
function RefusedBar({ detail, blobId }: { detail: string; blobId: string | null }): ReactNode {
  const { trash } = useStudio();
  return (
    <div className="bar-note wrong" role="alert">
      <p>
        <QuotedText text={text.notes.notSaved(detail)} />
      </p>
      {blobId !== null && (
        <Button className="button" onPress={() => void trash.restoreBlob(blobId)}>
          {text.drafts.restoreNote}
        </Button>
      )}
    </div>
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
