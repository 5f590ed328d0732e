/** The frame of the page: the bar above, the tree on the left, and what is open. */

import { type ReactNode, useEffect, useState } from "react";
import { Button } from "react-aria-components";
import type { User } from "../model/nouns";
import { useStore } from "../model/store";
import { AccountMenu } from "./AccountMenu";
import { BucketTree } from "./BucketTree";
import { Chapter } from "./Chapter";
import { AskContext, type Question, useForest, useLasting, useStudio, useWhere } from "./context";
import { Icon } from "./icons";
import { Questions } from "./Questions";
import { UnsavedMark } from "./Unsaved";
import { Welcome } from "./Welcome";

export function Shell({ user }: { user: User }): ReactNode {
  const [question, ask] = useState<Question | null>(null);
  const [drawer, setDrawer] = useState(false);
  const where = useWhere();
  usePaletteKey(ask);
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
            <Icon of="search" /> <span>Find or do anything</span> <kbd>Ctrl K</kbd>
          </Button>
          <div className="bar-end">
            <LineMark />
            <UnsavedMark />
            <AccountMenu user={user} />
          </div>
        </header>
        <aside className="side" aria-label="Buckets">
          <BucketTree />
        </aside>
        <button className="scrim" type="button" tabIndex={-1} aria-hidden="true" onClick={() => setDrawer(false)} />
        <main className="main" id="main">
          {where === null ? <Welcome name={user.name} /> : <Chapter bucketId={where} key={where} />}
        </main>
      </div>
      <Questions question={question} close={() => ask(null)} />
    </AskContext>
  );
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

function useTitle(): void {
  const where = useWhere();
  const name = useForest().byId.get(where ?? "")?.name;
  useEffect(() => {
    document.title = name ? `${name} · ReYNa Studio` : "ReYNa Studio";
  }, [name]);
}
