/** The right-hand pane: the expansion of a note, as it is being written and as it was written. */

import { useQuery } from "@tanstack/react-query";
import { memo, type ReactNode, useState } from "react";
import { Button, ProgressBar } from "react-aria-components";
import { copied } from "../model/export";
import { keysInWords } from "../model/keys";
import { type Blob, EXPAND, type Expanded, expandedOf } from "../model/nouns";
import { hasEnded, type RunView, runKey } from "../model/runs";
import { useStore } from "../model/store";
import { easeInWords, words } from "../model/words";
import { useLasting, useStudio } from "./context";
import { Icon } from "./icons";

interface ExpansionProps {
  noteKey: string;
  name: string;
  /** Null until the server knows the note. */
  blobId: string | null;
  /** The note's newest saved revision. */
  revision: number;
  hasText: boolean;
  isSeen: boolean;
}

/** Receives what it needs of the note, so that typing does not draw it anew. */
export const Expansion = memo(function Expansion(props: ExpansionProps): ReactNode {
  const { noteKey, name, blobId, revision, hasText, isSeen } = props;
  const studio = useStudio();
  const read = useQuery({ ...studio.reads.derived(blobId ?? ""), enabled: blobId !== null && isSeen });
  const run = useStore(studio.runs, (runs) => (blobId ? runs.get(runKey(blobId, EXPAND)) : undefined));
  const [back, setBack] = useState(0);
  const all = read.data ?? [];
  const at = Math.min(back, Math.max(0, all.length - 1));
  const active = run && isActive(run, all) ? run : null;
  const expand = () => {
    setBack(0);
    void studio.deeds.expand(noteKey);
  };
  return (
    <section className="expansion" aria-label={`Expansion of ${name.toLowerCase()}`} aria-busy={active !== null}>
      <header className="pane-head">
        <h3>Expansion</h3>
        {!active && all.length > 1 && <Versions at={at} count={all.length} go={setBack} />}
        <span className="spacer" />
        {active ? (
          <Button className="button" onPress={() => void studio.deeds.cancel(active.id)}>
            <Icon of="stop" /> Stop
          </Button>
        ) : (
          <Button className="button" isDisabled={!hasText} onPress={expand}>
            <Icon of="spark" /> {all.length > 0 ? "Expand again" : "Expand"}
          </Button>
        )}
      </header>
      {active ? <Writing run={active} /> : <Standing run={run} all={all} at={at} revision={revision} />}
      {!active && all.length === 0 && <Teach hasText={hasText} isReading={blobId !== null && read.isPending} />}
    </section>
  );
});

interface StandingProps {
  run: RunView | undefined;
  all: readonly Blob[];
  at: number;
  revision: number;
}

/** While nobody writes: how the last run ended, if badly, and what there is. */
function Standing({ run, all, at, revision }: StandingProps): ReactNode {
  const shown = all[at];
  return (
    <>
      {run && <Ended run={run} newest={all[0]} />}
      {shown && <Written blob={shown} noteRevision={revision} />}
    </>
  );
}

/** Also in the blink between the end of a run and the arrival of what it made, so that the text does not vanish. */
function isActive(run: RunView, all: readonly Blob[]): boolean {
  if (!hasEnded(run)) return true;
  return (
    run.status === "completed" &&
    run.text !== "" &&
    run.outputs.length > 0 &&
    !all.some((blob) => run.outputs.includes(blob.id))
  );
}

function Writing({ run }: { run: RunView }): ReactNode {
  const label = run.status === "requested" ? "Waiting for its turn…" : "Writing…";
  return (
    <>
      <ProgressBar
        className="progress"
        aria-label={label}
        value={run.progress * 100}
        isIndeterminate={run.status === "requested" || run.progress === 0}
      >
        {({ percentage, isIndeterminate }) => (
          <>
            <span className="track" data-indeterminate={isIndeterminate || undefined}>
              <span style={{ width: `${isIndeterminate ? 30 : (percentage ?? 0)}%` }} />
            </span>
            <span className="quiet">{label}</span>
          </>
        )}
      </ProgressBar>
      {run.text && <Prose text={run.text} isGrowing />}
    </>
  );
}

const ENDINGS: Partial<Record<RunView["status"], string>> = {
  refused: "This note was not expanded.",
  failed: "The expansion failed.",
  cancelled: "Stopped.",
};

function Ended({ run, newest }: { run: RunView; newest: Blob | undefined }): ReactNode {
  const ending = ENDINGS[run.status];
  // Ids are ordered by time: an expansion made since then is the better news.
  if (!ending || (newest && timeOf(newest.id) > timeOf(run.id))) return null;
  return (
    <p
      className={run.status === "cancelled" ? "bar-note" : "bar-note wrong"}
      role={run.status === "cancelled" ? "status" : "alert"}
    >
      {ending} {run.error}
    </p>
  );
}

/** The first ten characters of an id's number are its time (ULID). */
function timeOf(id: string): string {
  return id.slice(id.lastIndexOf("-") + 1).slice(0, 10);
}

function Written({ blob, noteRevision }: { blob: Blob; noteRevision: number }): ReactNode {
  const expanded = expandedOf(blob);
  if (!expanded) return <p className="quiet">This expansion cannot be shown.</p>;
  const isStale = blob.stale || (typeof blob.parent_revision === "number" && blob.parent_revision < noteRevision);
  return (
    <>
      {isStale && <p className="bar-note">The note has changed since this was written.</p>}
      <Prose text={expanded.expanded} isGrowing={false} />
      <Facts expanded={expanded} />
    </>
  );
}

function Prose({ text, isGrowing }: { text: string; isGrowing: boolean }): ReactNode {
  const paragraphs = text.split(/\n{2,}/).filter((paragraph) => paragraph.trim() !== "");
  return (
    <div className="prose written" data-growing={isGrowing || undefined}>
      {paragraphs.map((paragraph, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: paragraphs are only ever added at the end
        <p key={at}>{paragraph}</p>
      ))}
    </div>
  );
}

function Facts({ expanded }: { expanded: Expanded }): ReactNode {
  const { metrics = {}, expansion_ratio: ratio, model } = expanded;
  const ease = metrics.reading_ease;
  const facts: [string, string, string][] = [];
  if (ratio !== undefined) facts.push(["Ratio", `${ratio.toFixed(1)}×`, "How many times as long as the note it is"]);
  if (metrics.words !== undefined) facts.push(["Length", words(metrics.words), "Words in the expansion"]);
  if (ease !== undefined) {
    facts.push([
      "Reading ease",
      `${Math.round(ease)}, ${easeInWords(ease)}`,
      "Flesch reading ease: 0 is hard, 100 is easy",
    ]);
  }
  if (metrics.tone) facts.push(["Tone", metrics.tone, "The tone of the text"]);
  if (model) facts.push(["Model", model, "The language model that wrote it"]);
  return (
    <footer className="facts">
      <dl>
        {facts.map(([name, value, means]) => (
          <div key={name} title={means}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <CopyText text={expanded.expanded} />
    </footer>
  );
}

function CopyText({ text }: { text: string }): ReactNode {
  const { notices } = useStudio();
  const copy = async () => {
    notices.say((await copied(text)) ? "Copied the expansion." : "The browser does not allow copying here.");
  };
  return (
    <Button className="link" onPress={() => void copy()}>
      Copy text
    </Button>
  );
}

interface VersionsProps {
  at: number;
  count: number;
  go: (at: number) => void;
}

function Versions({ at, count, go }: VersionsProps): ReactNode {
  return (
    <span className="versions-nav">
      <Button
        className="icon-button"
        aria-label="Older expansion"
        isDisabled={at >= count - 1}
        onPress={() => go(at + 1)}
      >
        <Icon of="left" />
      </Button>
      <span className="quiet">
        {count - at} of {count}
      </span>
      <Button
        className="icon-button flipped"
        aria-label="Newer expansion"
        isDisabled={at === 0}
        onPress={() => go(at - 1)}
      >
        <Icon of="left" />
      </Button>
    </span>
  );
}

function Teach({ hasText, isReading }: { hasText: boolean; isReading: boolean }): ReactNode {
  const slow = useLasting(isReading, 400);
  if (isReading) return slow && <p role="status">Reading…</p>;
  return (
    <p className="teach">
      {hasText
        ? `Press Expand (or ${keysInWords("Ctrl Enter")} in the note), and the prose appears here while it is written. Your note stays as it is.`
        : "Write a few sentences in the note; their expansion appears here."}
    </p>
  );
}
