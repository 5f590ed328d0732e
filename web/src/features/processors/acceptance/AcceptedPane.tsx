/** The accepted text of a note, below its expansion: where each paragraph is from, and its editing. */

import type { ReactNode } from "react";
import { useState } from "react";
import { Button } from "react-aria-components";
import { contentOf } from "../../../api/blobContent";
import { errorMessage } from "../../../api/errors";
import type { Blob } from "../../../api/types";
import { wordCount } from "../../../language/segmentation";
import { useStudio } from "../../../studio/context";
import { text } from "../../../text";
import { formatWordCount } from "../../../text/quantities";
import { TracedProse } from "./TracedProse";

interface AcceptedPaneProps {
  noteId: string;
  noteName: string;
  noteRevision: number;
  accepted: Blob | null;
  error: unknown;
}

export function AcceptedPane({ noteId, noteName, noteRevision, accepted, error }: AcceptedPaneProps): ReactNode {
  const [isEditing, setEditing] = useState(false);
  if (error) {
    return (
      <p className="bar-note wrong" role="alert">
        {text.acceptance.unreadable} {errorMessage(error)}
      </p>
    );
  }
  if (!accepted) return <p className="teach">{text.acceptance.howToAccept}</p>;
  const isStale = accepted.stale || (accepted.parent_revision ?? noteRevision) < noteRevision;
  return (
    <section className="accepted" aria-label={text.acceptance.paneOf(noteName)}>
      <header className="pane-head">
        <h3>{text.acceptance.acceptedText}</h3>
        <span className="quiet">{formatWordCount(wordCount(contentOf(accepted)))}</span>
        <span className="spacer" />
        {!isEditing && (
          <Button className="link" onPress={() => setEditing(true)}>
            {text.acceptance.edit}
          </Button>
        )}
      </header>
      {isStale && <p className="bar-note">{text.acceptance.noteChanged}</p>}
      {isEditing ? (
        <AcceptedEditor noteId={noteId} accepted={accepted} close={() => setEditing(false)} />
      ) : (
        <TracedProse blob={accepted} />
      )}
    </section>
  );
}

interface AcceptedEditorProps {
  noteId: string;
  accepted: Blob;
  close: () => void;
}

/** Edits the revision that was there when editing began: what others save meanwhile is refused as a conflict. */
function AcceptedEditor({ noteId, accepted, close }: AcceptedEditorProps): ReactNode {
  const { acceptances } = useStudio();
  const [base] = useState(accepted);
  const [content, setContent] = useState(contentOf(accepted));
  const [problem, setProblem] = useState<string | null>(null);
  const [isSaving, setSaving] = useState(false);
  const save = async () => {
    setSaving(true);
    try {
      await acceptances.edit(noteId, base, content);
      close();
    } catch (error) {
      setProblem(errorMessage(error));
      setSaving(false);
    }
  };
  return (
    <div className="accepted-editor">
      <textarea
        className="editor prose"
        dir="auto"
        aria-label={text.acceptance.acceptedText}
        value={content}
        rows={Math.min(24, content.split("\n").length + 4)}
        onChange={(event) => setContent(event.target.value)}
      />
      {problem !== null && (
        <p className="bar-note wrong" role="alert">
          {text.acceptance.editFailed} {problem}
        </p>
      )}
      <p className="editor-foot">
        <Button className="button primary" isPending={isSaving} onPress={() => void save()}>
          {text.acceptance.save}
        </Button>
        <Button className="button" onPress={close}>
          {text.general.cancel}
        </Button>
      </p>
    </div>
  );
}
