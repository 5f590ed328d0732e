/** Two versions of one note, side by side: mine, theirs, or both merged by hand. Neither text is ever dropped. */

import { type ReactNode, useMemo, useState } from "react";
import { Button } from "react-aria-components";
import { contentOf } from "../../api/blobContent";
import type { Blob } from "../../api/types";
import { mergeTexts } from "../../language/merging";
import { useDraft, useStudio } from "../../studio/context";
import { text } from "../../text";
import { DialogTitle } from "../../ui/DialogTitle";
import type { Draft } from "../drafts/draft";
import { ConflictVersions } from "./ConflictVersions";

const MERGE_ROWS = 14;

export function ConflictDialog({ draftKey, close }: { draftKey: string; close: () => void }): ReactNode {
  const draft = useDraft(draftKey);
  return (
    <>
      <DialogTitle>{text.notes.twoVersions}</DialogTitle>
      {draft?.state.kind === "conflict" ? (
        <Conflict draft={draft} theirs={draft.state.theirs} close={close} />
      ) : (
        <>
          <p>{text.notes.decidedAlready}</p>
          <div className="dialog-foot">
            <Button className="button primary" onPress={close}>
              {text.general.close}
            </Button>
          </div>
        </>
      )}
    </>
  );
}

function Conflict({ draft, theirs, close }: { draft: Draft; theirs: Blob; close: () => void }): ReactNode {
  const { drafts } = useStudio();
  const [byHand, setByHand] = useState<string | null>(null);
  const mine = draft.text;
  const theirText = contentOf(theirs);
  const base = draft.base?.text ?? "";
  const merge = useMemo(() => mergeTexts(base, mine, theirText), [base, mine, theirText]);
  const choose = (chosen: string) => {
    drafts.resolveConflict(draft.key, chosen);
    close();
  };
  const savedAt = new Date(theirs.updated_at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  return (
    <>
      <p>{text.notes.conflictExplained}</p>
      {byHand === null ? (
        <ConflictVersions mine={mine} theirs={theirText} savedAt={savedAt} />
      ) : (
        <label className="merge">
          <span>{text.notes.mergeLabel}</span>
          <textarea
            dir="auto"
            className="prose"
            value={byHand}
            onChange={(event) => setByHand(event.target.value)}
            rows={MERGE_ROWS}
          />
        </label>
      )}
      <div className="dialog-foot">
        {byHand === null ? (
          <>
            <FootButton label={text.notes.takeTheirs} onPress={() => choose(theirText)} />
            <FootButton label={text.notes.keepMine} onPress={() => choose(mine)} />
            <FootButton
              label={merge.clean ? text.notes.mergeFits : text.notes.mergeByHand}
              isPrimary
              onPress={() => setByHand(merge.text)}
            />
          </>
        ) : (
          <>
            <FootButton label={text.notes.back} onPress={() => setByHand(null)} />
            <FootButton label={text.notes.saveMerged} isPrimary onPress={() => choose(byHand)} />
          </>
        )}
      </div>
    </>
  );
}

interface FootButtonProps {
  label: string;
  isPrimary?: boolean;
  onPress: () => void;
}

function FootButton({ label, isPrimary = false, onPress }: FootButtonProps): ReactNode {
  return (
    <Button className={isPrimary ? "button primary" : "button"} onPress={onPress}>
      {label}
    </Button>
  );
}
