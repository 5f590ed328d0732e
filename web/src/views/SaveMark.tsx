/** How a note stands: said in words, with the age of the oldest unsaved change and a way to carry the text off. */

import { type ReactNode, useState } from "react";
import { Button, Dialog, DialogTrigger, Popover } from "react-aria-components";
import type { Draft, SaveState } from "../model/draft";
import { copied, download, fileName } from "../model/export";
import { age, firstLine } from "../model/words";
import { useAsk, useNow, useStudio } from "./context";
import { Icon, type Picture } from "./icons";

const WORTH_SAYING = 3_000; // ms; below it an age only makes the mark restless

export function SaveMark({ draft }: { draft: Draft }): ReactNode {
  const { state } = draft;
  const now = useNow(state.kind !== "saved");
  const { text, picture } = markOf(draft, now);
  return (
    <DialogTrigger>
      <Button className="save-mark" data-state={state.kind} data-testid="save-state">
        {picture && <Icon of={picture} />} <span>{text}</span>
      </Button>
      <Popover className="popover" placement="bottom end">
        <Dialog className="save-details" aria-label="How this note stands">
          {({ close }) => <Details draft={draft} close={close} />}
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}

function markOf(draft: Draft, now: number): { text: string; picture: Picture | null } {
  const { state } = draft;
  if (state.kind === "saved") {
    return draft.base ? { text: "Saved", picture: "check" } : { text: "Nothing to save yet", picture: null };
  }
  const since = now - state.since;
  const unsaved = `${age(since)} unsaved`;
  switch (state.kind) {
    case "saving":
      return { text: since < WORTH_SAYING ? "Saving…" : `Saving… ${unsaved}`, picture: null };
    case "offline":
      return { text: `Offline, ${unsaved}`, picture: "cloudOff" };
    case "conflict":
      return { text: `Two versions, ${unsaved}`, picture: "alert" };
    case "refused":
      return { text: `Not saved, ${unsaved}`, picture: "alert" };
  }
}

export function explained(state: SaveState, kept: boolean): string {
  const here = kept
    ? "Your text is kept on this computer, even when you close the window."
    : "This browser's storage is full: your text is in this window alone. Copy or download it before you close it.";
  switch (state.kind) {
    case "saved":
      return "The studio has all of it. Every version is kept.";
    case "saving":
      return `On its way to the studio. ${here}`;
    case "offline":
      return `${state.detail} It is tried again by itself. ${here}`;
    case "conflict":
      return `This note was changed elsewhere while you were writing. Both texts are safe. ${here}`;
    case "refused":
      return `The studio did not take it: ${state.detail} ${here}`;
  }
}

function Details({ draft, close }: { draft: Draft; close: () => void }): ReactNode {
  const studio = useStudio();
  const ask = useAsk();
  const { state } = draft;
  const home = draft.bucketId;
  return (
    <>
      <p>{explained(state, draft.kept)}</p>
      {state.kind === "saved" && draft.base && <p className="quiet">Version {draft.base.revision}</p>}
      <div className="row">
        {state.kind === "conflict" && (
          <Button className="button primary" onPress={() => ask({ kind: "conflict", key: draft.key })}>
            Compare and choose
          </Button>
        )}
        {(state.kind === "offline" || state.kind === "refused") && (
          <Button className="button" onPress={() => studio.drafts.retry(draft.key)}>
            Try again now
          </Button>
        )}
        {state.kind === "refused" && draft.blobId && home && (
          <Button
            className="button"
            onPress={() => {
              close();
              studio.drafts.saveAsNew(draft.key, home);
            }}
          >
            Save as a new note
          </Button>
        )}
        <CarryOff text={draft.text} />
      </div>
    </>
  );
}

/** Copy and download: what was written can always be carried off. */
export function CarryOff({ text }: { text: string }): ReactNode {
  const [said, setSaid] = useState("Copy");
  const copy = async () => setSaid((await copied(text)) ? "Copied" : "Copying is not allowed here");
  return (
    <>
      <Button className="button" onPress={() => void copy()}>
        {said}
      </Button>
      <Button className="button" onPress={() => download(fileName(firstLine(text)), text)}>
        Download
      </Button>
    </>
  );
}
