/** Two versions of a text side by side, with the words marked that differ. */

import { type ReactNode, useMemo } from "react";
import { type DiffPart, diffLines, diffWords } from "../../language/differences";
import { text } from "../../text";

interface ConflictVersionsProps {
  mine: string;
  theirs: string;
  savedAt: string;
}

export function ConflictVersions({ mine, theirs, savedAt }: ConflictVersionsProps): ReactNode {
  const parts = useMemo(() => diffLines(mine, theirs), [mine, theirs]);
  return (
    <div className="versions">
      <section aria-label={text.notes.mine}>
        <h3>{text.notes.mineUnsaved}</h3>
        <Version parts={parts} side="mine" />
      </section>
      <section aria-label={text.notes.theirs}>
        <h3>{text.notes.theirsSavedAt(savedAt)}</h3>
        <Version parts={parts} side="theirs" />
      </section>
    </div>
  );
}

type Side = "mine" | "theirs";

function Version({ parts, side }: { parts: readonly DiffPart[]; side: Side }): ReactNode {
  return (
    <div className="version prose" dir="auto">
      {parts.map((part, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a comparison is never reordered
        <Lines part={part} side={side} key={index} />
      ))}
    </div>
  );
}

function Lines({ part, side }: { part: DiffPart; side: Side }): ReactNode {
  if (part.same) return <span>{`${part.lines.join("\n")}\n`}</span>;
  if (part[side].length === 0) return null;
  const words = diffWords(part.mine.join("\n"), part.theirs.join("\n"));
  return (
    <span>
      {words.map((word, index) => {
        const content = (word.same ? word.lines : word[side]).join("");
        // biome-ignore lint/suspicious/noArrayIndexKey: a comparison is never reordered
        return word.same ? content : <mark key={index}>{content}</mark>;
      })}
      {"\n"}
    </span>
  );
}
