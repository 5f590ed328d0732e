/** Two versions of one note, side by side: mine, theirs, or both merged by hand. Nothing is dropped whichever is chosen. */

import { type ReactNode, useMemo, useState } from "react";
import { Button } from "react-aria-components";
import { compared, comparedByWords, merged, type Stretch } from "../model/merge";
import { contentOf } from "../model/nouns";
import { useDraft, useStudio } from "./context";
import { Title } from "./Title";

export function ConflictQuestion({ noteKey, close }: { noteKey: string; close: () => void }): ReactNode {
  const { drafts } = useStudio();
  const draft = useDraft(noteKey);
  const [byHand, setByHand] = useState<string | null>(null);
  const mine = draft?.text ?? "";
  const base = draft?.base?.text ?? "";
  const theirs = draft?.state.kind === "conflict" ? contentOf(draft.state.theirs) : null;
  const both = useMemo(() => (theirs === null ? null : merged(base, mine, theirs)), [base, mine, theirs]);
  if (draft?.state.kind !== "conflict" || theirs === null || !both) {
    return (
      <>
        <Title>Two versions of this note</Title>
        <p>This is decided already.</p>
        <div className="dialog-foot">
          <Button className="button primary" onPress={close}>
            Close
          </Button>
        </div>
      </>
    );
  }
  const choose = (text: string) => {
    drafts.resolve(noteKey, text);
    close();
  };
  const changed = new Date(draft.state.theirs.updated_at).toLocaleTimeString([], {
    hour: "2-digit",
    minute: "2-digit",
  });
  return (
    <>
      <Title>Two versions of this note</Title>
      <p>
        It was changed elsewhere while you were writing here. The text that you do not choose is kept: theirs among the
        note's versions, yours among your set-aside texts.
      </p>
      {byHand === null ? (
        <Versions mine={mine} theirs={theirs} changed={changed} />
      ) : (
        <label className="merge">
          <span>Both together. Change it as you like:</span>
          <textarea className="prose" value={byHand} onChange={(event) => setByHand(event.target.value)} rows={14} />
        </label>
      )}
      <div className="dialog-foot">
        {byHand === null ? (
          <>
            <Button className="button" onPress={() => choose(theirs)}>
              Take theirs
            </Button>
            <Button className="button" onPress={() => choose(mine)}>
              Keep mine
            </Button>
            <Button className="button primary" onPress={() => setByHand(both.text)}>
              {both.clean ? "Merge: both changes fit together" : "Merge by hand"}
            </Button>
          </>
        ) : (
          <>
            <Button className="button" onPress={() => setByHand(null)}>
              Back
            </Button>
            <Button className="button primary" onPress={() => choose(byHand)}>
              Save the merged text
            </Button>
          </>
        )}
      </div>
    </>
  );
}

interface VersionsProps {
  mine: string;
  theirs: string;
  changed: string;
}

function Versions({ mine, theirs, changed }: VersionsProps): ReactNode {
  const stretches = useMemo(() => compared(mine, theirs), [mine, theirs]);
  return (
    <div className="versions">
      <section aria-label="Mine">
        <h3>Mine, unsaved</h3>
        <div className="version prose">{stretches.map((stretch, at) => side(stretch, "mine", at))}</div>
      </section>
      <section aria-label="Theirs">
        <h3>Theirs, saved at {changed}</h3>
        <div className="version prose">{stretches.map((stretch, at) => side(stretch, "theirs", at))}</div>
      </section>
    </div>
  );
}

function side(stretch: Stretch, whose: "mine" | "theirs", at: number): ReactNode {
  if (stretch.same) return <span key={at}>{`${stretch.lines.join("\n")}\n`}</span>;
  if (stretch[whose].length === 0) return null;
  const parts = comparedByWords(stretch.mine.join("\n"), stretch.theirs.join("\n"));
  return (
    <span key={at}>
      {parts.map((part, place) => {
        const text = (part.same ? part.lines : part[whose]).join("");
        // biome-ignore lint/suspicious/noArrayIndexKey: a comparison is never reordered
        return part.same ? text : <mark key={place}>{text}</mark>;
      })}
      {"\n"}
    </span>
  );
}
