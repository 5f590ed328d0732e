/** The frame of the page: the bar above, the tree on the left, and what is open. */

import { type ReactNode, useEffect, useState } from "react";
import { Button } from "react-aria-components";
import { keysInWords } from "../model/keys";
import type { User } from "../model/nouns";
import { useStore } from "../model/store";
import { TRASH } from "../model/where";
import { AccountMenu } from "./AccountMenu";
import { BucketTree } from "./BucketTree";
import { Chapter } from "./Chapter";
import { AskContext, type Question, useForest, useLasting, useStudio, useWhere } from "./context";
import { Icon } from "./icons";
import { Questions } from "./Questions";
import { SideFoot } from "./SideFoot";
import { Trash } from "./Trash";
import { UnsavedMark } from "./Unsaved";
import { Welcome } from "./Welcome";

const OWN_UNDO = "input:not([type=checkbox], [type=radio]), textarea, [contenteditable], [role=dialog]";

export function Shell({ user }: { user: User }): ReactNode {
  const [question, ask] = useState<Question | null>(null);
  const [drawer, setDrawer] = useState(false);
  const where = useWhere();
  usePaletteKey(ask);
  useTurnKeys();
  useTitle();

  // What is chosen in the drawer is behind it.
  // biome-ignore lint/correctness/useExhaustiveDependencies: a change of place is the very thing to react to
  useEffect(() => setDrawer(false), [where]);

  return (
    <AskContext value={ask}>
      <div className="shell" data-drawer={drawer || undefined}>
        <header className="bar">
          <Button
            className="icon-button drawer-button"
            aria-label={drawer ? "Close the tree" : "Open the tree"}
            aria-expanded={drawer}
            onPress={() => setDrawer(!drawer)}
          >
            <Icon of={drawer ? "close" : "menu"} />
          </Button>
          <a className="brand" href="#/" aria-label="ReYNa Studio, start">
            <Icon of="book" /> <span>ReYNa Studio</span>
          </a>
          <Button className="find" onPress={() => ask({ kind: "palette" })} aria-label="Find or do anything">
            <Icon of="search" /> <span>Find or do anything</span> <kbd>{keysInWords("Ctrl K")}</kbd>
          </Button>
          <div className="bar-end">
            <LineMark />
            <UnsavedMark />
            <AccountMenu user={user} />
          </div>
        </header>
        <aside className="side" aria-label="Buckets">
          <BucketTree />
          <SideFoot />
        </aside>
        <button className="scrim" type="button" tabIndex={-1} aria-hidden="true" onClick={() => setDrawer(false)} />
        <main className="main" id="main">
          <Open where={where} name={user.name} />
        </main>
      </div>
      <Questions question={question} close={() => ask(null)} />
    </AskContext>
  );
}

function Open({ where, name }: { where: string | null; name: string }): ReactNode {
  if (where === null) return <Welcome name={name} />;
  return where === TRASH ? <Trash /> : <Chapter bucketId={where} key={where} />;
}

/** Says when the page is not live. A line that comes straight back is not worth a word. */
function LineMark(): ReactNode {
  const line = useStore(useStudio().line, (value) => value);
  const lasting = useLasting(line.kind === "lost" || line.kind === "connecting", 1500);
  const text =
    line.kind === "refused"
      ? line.detail
      : lasting
        ? "Offline. Changes from elsewhere arrive when the line is back."
        : "";
  return (
    <p className="line" role="status" data-line={line.kind}>
      {text && (
        <>
          <Icon of="cloudOff" /> <span>{text}</span>
        </>
      )}
    </p>
  );
}

function usePaletteKey(ask: (question: Question) => void): void {
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey)
        return;
      event.preventDefault();
      ask({ kind: "palette" });
    };
    window.addEventListener("keydown", pressed);
    return () => window.removeEventListener("keydown", pressed);
  }, [ask]);
}

/** Ctrl+Z and Ctrl+Shift+Z over the journal; in a text they stay the text's own, and a dialog is about something else. */
function useTurnKeys(): void {
  const { turns } = useStudio();
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== "z" || !(event.ctrlKey || event.metaKey) || event.altKey) return;
      if (event.target instanceof Element && event.target.closest(OWN_UNDO)) return;
      event.preventDefault();
      void (event.shiftKey ? turns.redo() : turns.undo());
    };
    window.addEventListener("keydown", pressed);
    return () => window.removeEventListener("keydown", pressed);
  }, [turns]);
}

function useTitle(): void {
  const where = useWhere();
  const bucket = useForest().byId.get(where ?? "")?.name;
  const name = where === TRASH ? "Trash" : bucket;
  useEffect(() => {
    document.title = name ? `${name} · ReYNa Studio` : "ReYNa Studio";
  }, [name]);
}
