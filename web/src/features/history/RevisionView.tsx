/** One version of a note: as it was, or word by word against now; its name, and the way back to it. */

import { type ReactNode, useState } from "react";
import { Button } from "react-aria-components";
import { textOf } from "../../api/blobContent";
import type { Revision } from "../../api/types";
import { useStudio } from "../../studio/context";
import { text } from "../../text";
import { ExportButtons } from "../drafts/ExportButtons";
import { RevisionDiff } from "./RevisionDiff";
import { RevisionNameForm } from "./RevisionNameForm";
import { describeOrigin, revisionKey } from "./revisionGroups";

interface RevisionViewProps {
  blobId: string;
  shown: Revision;
  newest: Revision;
  close: () => void;
}

export function RevisionView({ blobId, shown, newest, close }: RevisionViewProps): ReactNode {
  const { revisions } = useStudio();
  const isNewest = shown === newest;
  const [isCompared, setCompared] = useState(!isNewest);
  const [isBusy, setBusy] = useState(false);
  const content = textOf(shown);
  const restore = async () => {
    setBusy(true);
    if (await revisions.restore(blobId, revisionKey(shown))) close();
    setBusy(false);
  };
  return (
    <section className="history-shown" aria-label={text.notes.theVersion}>
      <header>
        <p>
          {describeOrigin(shown)} <time dateTime={shown.created_at}>{new Date(shown.created_at).toLocaleString()}</time>
          {isNewest && `, ${text.notes.asItIsNow}`}
        </p>
        {shown.conflict && <p className="bar-note">{text.notes.lateSave}</p>}
      </header>
      {!isNewest && (
        <div className="row">
          <Button className="button" aria-pressed={isCompared} onPress={() => setCompared(true)}>
            {text.notes.comparedWithNow}
          </Button>
          <Button className="button" aria-pressed={!isCompared} onPress={() => setCompared(false)}>
            {text.notes.asItWas}
          </Button>
        </div>
      )}
      <div className="version prose" dir="auto">
        {isCompared ? (
          <RevisionDiff blobId={blobId} from={revisionKey(shown)} newest={newest.number} />
        ) : (
          content || <em>{text.notes.empty}</em>
        )}
      </div>
      <div className="row">
        {!isNewest && (
          <Button className="button primary" isPending={isBusy} onPress={() => void restore()}>
            {text.notes.restoreVersion}
          </Button>
        )}
        <ExportButtons text={content} />
      </div>
      {!shown.conflict && <RevisionNameForm blobId={blobId} revision={shown} />}
    </section>
  );
}
