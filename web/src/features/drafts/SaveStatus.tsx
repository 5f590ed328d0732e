/** The save status of a note, with the age of its oldest unsaved change, and its details. */

import { type ReactNode, useSyncExternalStore } from "react";
import { Button, Dialog, DialogTrigger, Popover } from "react-aria-components";
import { useDraft, useStudio } from "../../studio/context";
import { useOpenDialog } from "../../studio/dialogs";
import { text } from "../../text";
import { useNow } from "../../ui/hooks";
import { Icon } from "../../ui/Icon";
import { QuotedText } from "../../ui/UserText";
import { ExportButtons } from "./ExportButtons";
import { explainSaveState, statusOf } from "./saveStateText";

/** Watches the draft without its text, which changes with every keystroke. */
export function SaveStatus({ draftKey }: { draftKey: string }): ReactNode {
  const { drafts } = useStudio();
  const state = useSyncExternalStore(drafts.subscribe, () => drafts.get(draftKey)?.state ?? null);
  const isOnServer = useSyncExternalStore(drafts.subscribe, () => (drafts.get(draftKey)?.base ?? null) !== null);
  const now = useNow(state !== null && state.kind !== "saved");
  if (state === null) return null;
  const { label, icon } = statusOf(state, isOnServer, now);
  return (
    <DialogTrigger>
      <Button className="save-mark" data-state={state.kind} data-testid="save-state">
        {icon && <Icon name={icon} />} <span>{label}</span>
      </Button>
      <Popover className="popover" placement="bottom end">
        <Dialog className="save-details" aria-label={text.drafts.details}>
          {({ close }) => <Details draftKey={draftKey} close={close} />}
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}

function Details({ draftKey, close }: { draftKey: string; close: () => void }): ReactNode {
  const { drafts } = useStudio();
  const openDialog = useOpenDialog();
  const draft = useDraft(draftKey);
  if (!draft) return null;
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
