/** The dialog that lists all unsaved work, wherever it is, and the texts that were set aside. */

import type { ReactNode } from "react";
import { Button } from "react-aria-components";
import { firstLine } from "../../language/segmentation";
import { useForest, useStudio, useUnsaved } from "../../studio/context";
import { useOpenDialog } from "../../studio/dialogs";
import { text } from "../../text";
import { DialogTitle } from "../../ui/DialogTitle";
import { useStore } from "../../ui/store";
import { QuotedText, UserPath } from "../../ui/UserText";
import { pathTo } from "../library/forest";
import type { Draft } from "./draft";
import type { SetAsideText } from "./draftStorage";
import { ExportButtons } from "./ExportButtons";
import { explainSaveState } from "./saveStateText";
import { download } from "./textExport";

const EXCERPT_LENGTH = 160; // graphemes
const FILE_NAME = "unsaved.md";
const FILE_SEPARATOR = "\n\n---\n\n";

export function UnsavedTextsDialog({ close }: { close: () => void }): ReactNode {
  const studio = useStudio();
  const unsaved = useUnsaved();
  const setAside = useStore(studio.setAsideTexts, (value) => value);
  const texts = [...unsaved, ...setAside].map((one) => one.text);
  return (
    <>
      <DialogTitle>{text.drafts.title}</DialogTitle>
      {texts.length === 0 && <p>{text.drafts.nothing}</p>}
      {unsaved.length > 0 && (
        <ul className="texts" aria-label={text.drafts.unsaved}>
          {unsaved.map((draft) => (
            <UnsavedItem draft={draft} close={close} key={draft.key} />
          ))}
        </ul>
      )}
      {setAside.length > 0 && <h3>{text.drafts.setAsideHere}</h3>}
      <ul className="texts" aria-label={text.drafts.setAside} hidden={setAside.length === 0}>
        {setAside.map((entry) => (
          <SetAsideItem entry={entry} key={entry.id} />
        ))}
      </ul>
      <div className="dialog-foot">
        {texts.length > 1 && (
          <Button className="button" onPress={() => download(FILE_NAME, texts.join(FILE_SEPARATOR))}>
            {text.drafts.downloadAll}
          </Button>
        )}
        <Button className="button primary" onPress={close}>
          {text.general.close}
        </Button>
      </div>
    </>
  );
}

function SetAsideItem({ entry }: { entry: SetAsideText }): ReactNode {
  const studio = useStudio();
  return (
    <li>
      <p className="excerpt" dir="auto">
        {firstLine(entry.text, EXCERPT_LENGTH)}
      </p>
      <p className="quiet">{text.drafts.reasonAndTime(entry.reason, new Date(entry.at).toLocaleString())}</p>
      <div className="row">
        <ExportButtons text={entry.text} />
        <Button className="button" onPress={() => studio.discardSetAsideText(entry.id)}>
          {text.drafts.discard}
        </Button>
      </div>
    </li>
  );
}

function UnsavedItem({ draft, close }: { draft: Draft; close: () => void }): ReactNode {
  const studio = useStudio();
  const forest = useForest();
  const openDialog = useOpenDialog();
  const { key, bucketId, state } = draft;
  const open = () => {
    close();
    studio.route.go(bucketId);
  };
  return (
    <li>
      <p className="excerpt" dir="auto">
        {firstLine(draft.text, EXCERPT_LENGTH) || text.drafts.emptyText}
      </p>
      <p className="quiet">
        {bucketId && (
          <>
            <UserPath path={pathTo(forest, bucketId)} />.{" "}
          </>
        )}
        <QuotedText text={explainSaveState(draft)} />
      </p>
      <div className="row">
        {state.kind === "conflict" && (
          <Button className="button primary" onPress={() => openDialog({ kind: "conflict", draftKey: key })}>
            {text.notes.compareAndChoose}
          </Button>
        )}
        {bucketId && (
          <Button className="button" onPress={open}>
            {text.drafts.open}
          </Button>
        )}
        <ExportButtons text={draft.text} />
      </div>
    </li>
  );
}
