/** The save status of a note, with the age of its oldest unsaved change, and its details. */

import type { ReactNode } from "react";
import { Button, Dialog, DialogTrigger, Popover } from "react-aria-components";
import { useStudio } from "../../studio/context";
import { useOpenDialog } from "../../studio/dialogs";
import { text } from "../../text";
import { useNow } from "../../ui/hooks";
import { Icon } from "../../ui/Icon";
import { QuotedText } from "../../ui/UserText";
import type { Draft } from "./draft";
import { ExportButtons } from "./ExportButtons";
import { explainSaveState, statusOf } from "./saveStateText";

export function SaveStatus({ draft }: { draft: Draft }): ReactNode {
  const now = useNow(draft.state.kind !== "saved");
  const { label, icon } = statusOf(draft, now);
  return (
    <DialogTrigger>
      <Button className="save-mark" data-state={draft.state.kind} data-testid="save-state">
        {icon && <Icon name={icon} />} <span>{label}</span>
      </Button>
      <Popover className="popover" placement="bottom end">
        <Dialog className="save-details" aria-label={text.drafts.details}>
          {({ close }) => <Details draft={draft} close={close} />}
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}

function Details({ draft, close }: { draft: Draft; close: () => void }): ReactNode {
  const { drafts } = useStudio();
  const openDialog = useOpenDialog();
  const { key, state, base, blobId, bucketId } = draft;
  const saveAsNew = (home: string) => {
    close();
    drafts.saveAsNewNote(key, home);
  };
  return (
    <>
      <p>
        <QuotedText text={explainSaveState(draft)} />
      </p>
      {state.kind === "saved" && base && <p className="quiet">{text.drafts.version(base.revision)}</p>}
      <div className="row">
        {state.kind === "conflict" && (
          <Button className="button primary" onPress={() => openDialog({ kind: "conflict", draftKey: key })}>
            {text.notes.compareAndChoose}
          </Button>
        )}
        {(state.kind === "offline" || state.kind === "refused") && (
          <Button className="button" onPress={() => drafts.retry(key)}>
            {text.drafts.tryAgainNow}
          </Button>
        )}
        {state.kind === "refused" && blobId && bucketId && (
          <Button className="button" onPress={() => saveAsNew(bucketId)}>
            {text.drafts.saveAsNew}
          </Button>
        )}
        <ExportButtons text={draft.text} />
      </div>
    </>
  );
}
