/** All unsaved work at a glance, wherever it is, and the texts that were set aside. */

import type { ReactNode } from "react";
import { Button } from "react-aria-components";
import type { Draft } from "../model/draft";
import { download } from "../model/export";
import { pathInWords } from "../model/forest";
import { useStore } from "../model/store";
import { age, firstLine } from "../model/words";
import { useAsk, useForest, useLasting, useNow, useStudio, useUnsaved } from "./context";
import { Icon } from "./icons";
import { CarryOff, explained } from "./SaveMark";
import { Title } from "./Title";

const LONG = 12_000; // ms; saves come and go, and a new note waits for its first pause

/** In the bar: silent while saves come and go, and there as soon as something stays unsaved. */
export function UnsavedMark(): ReactNode {
  const unsaved = useUnsaved();
  const ask = useAsk();
  const stuck = unsaved.some((draft) => draft.state.kind !== "saving");
  const lasting = useLasting(unsaved.length > 0, LONG);
  const now = useNow(unsaved.length > 0);
  if (!stuck && !lasting) return null;
  return (
    <Button className="unsaved-mark" onPress={() => ask({ kind: "unsaved" })}>
      <Icon of="alert" />
      <span>
        {unsaved.length} unsaved, oldest {age(now - oldest(unsaved))}
      </span>
    </Button>
  );
}

function oldest(unsaved: readonly Draft[]): number {
  return Math.min(
    ...unsaved.map((draft) => (draft.state.kind === "saved" ? Number.POSITIVE_INFINITY : draft.state.since)),
  );
}

export function UnsavedTexts({ close }: { close: () => void }): ReactNode {
  const studio = useStudio();
  const unsaved = useUnsaved();
  const asides = useStore(studio.asides, (value) => value);
  const all = [...unsaved.map((draft) => draft.text), ...asides.map((aside) => aside.text)];
  return (
    <>
      <Title>Unsaved and set-aside texts</Title>
      {all.length === 0 && <p>Everything you wrote is saved, and nothing is set aside.</p>}
      {unsaved.length > 0 && (
        <ul className="texts" aria-label="Unsaved">
          {unsaved.map((draft) => (
            <UnsavedText draft={draft} close={close} key={draft.key} />
          ))}
        </ul>
      )}
      {asides.length > 0 && <h3>Set aside on this computer</h3>}
      <ul className="texts" aria-label="Set aside" hidden={asides.length === 0}>
        {asides.map((aside) => (
          <li key={aside.id}>
            <p className="excerpt">{firstLine(aside.text, 160)}</p>
            <p className="quiet">
              {aside.reason}, {new Date(aside.at).toLocaleString()}
            </p>
            <div className="row">
              <CarryOff text={aside.text} />
              <Button className="button" onPress={() => studio.throwAway(aside.id)}>
                Throw away
              </Button>
            </div>
          </li>
        ))}
      </ul>
      <div className="dialog-foot">
        {all.length > 1 && (
          <Button className="button" onPress={() => download("unsaved.md", all.join("\n\n---\n\n"))}>
            Download all
          </Button>
        )}
        <Button className="button primary" onPress={close}>
          Close
        </Button>
      </div>
    </>
  );
}

function UnsavedText({ draft, close }: { draft: Draft; close: () => void }): ReactNode {
  const studio = useStudio();
  const forest = useForest();
  const ask = useAsk();
  const home = draft.bucketId;
  const open = () => {
    close();
    studio.where.go(home);
  };
  return (
    <li>
      <p className="excerpt">{firstLine(draft.text, 160) || "An empty text"}</p>
      <p className="quiet">
        {home && `${pathInWords(forest, home)}. `}
        {explained(draft.state, draft.kept)}
      </p>
      <div className="row">
        {draft.state.kind === "conflict" && (
          <Button className="button primary" onPress={() => ask({ kind: "conflict", key: draft.key })}>
            Compare and choose
          </Button>
        )}
        {home && (
          <Button className="button" onPress={open}>
            Open
          </Button>
        )}
        <CarryOff text={draft.text} />
      </div>
    </li>
  );
}
