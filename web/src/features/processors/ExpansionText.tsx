/** A written expansion with its metrics. */

import type { ReactNode } from "react";
import { Button } from "react-aria-components";
import { type Expanded, expandedOf } from "../../api/blobContent";
import type { Blob } from "../../api/types";
import { useStudio } from "../../studio/context";
import { text } from "../../text";
import { describeReadingEase, formatWordCount } from "../../text/quantities";
import { Message } from "../../ui/Message";
import { UserText } from "../../ui/UserText";
import { copyToClipboard } from "../drafts/textExport";
import { Prose } from "./Prose";

interface ExpansionTextProps {
  blob: Blob;
  noteRevision: number;
  /** In place of the prose alone: what the expansion is shown by where it can be accepted. */
  prose?: (content: string) => ReactNode;
  /** Beside "Copy text". */
  actions?: ReactNode;
}

export function ExpansionText({ blob, noteRevision, prose, actions }: ExpansionTextProps): ReactNode {
  const expanded = expandedOf(blob);
  if (!expanded) return <p className="quiet">{text.processors.notShowable}</p>;
  const isStale = blob.stale || (typeof blob.parent_revision === "number" && blob.parent_revision < noteRevision);
  return (
    <>
      {isStale && <p className="bar-note">{text.processors.noteChanged}</p>}
      {expanded.demonstration === true && <p className="bar-note">{text.processors.demonstrationResult}</p>}
      {prose ? prose(expanded.expanded) : <Prose text={expanded.expanded} isGrowing={false} />}
      <Findings findings={expanded.findings ?? []} />
      <footer className="facts">
        <dl>
          {metricsOf(expanded).map(({ name, value, meaning }) => (
            <div key={name} title={meaning}>
              <dt>{name}</dt>
              <dd>
                <UserText>{value}</UserText>
              </dd>
            </div>
          ))}
        </dl>
        <span className="text-actions">
          <CopyButton content={expanded.expanded} />
          {actions}
        </span>
      </footer>
    </>
  );
}

/** What the text has lost of the note, and the names that it has added: at most a few lines. */
function Findings({ findings }: { findings: NonNullable<Expanded["findings"]> }): ReactNode {
  const known = text.processors.findings;
  const lines = (Object.keys(known) as (keyof typeof known)[])
    .map((kind) => ({ kind, words: findings.filter((one) => one.kind === kind).map((one) => one.text) }))
    .filter(({ words }) => words.length > 0);
  if (lines.length === 0) return null;
  return (
    <ul className="findings" aria-label={text.processors.findingsTitle}>
      {lines.map(({ kind, words }) => (
        <li key={kind}>
          <Message text={known[kind]} values={{ words: <UserText>{words.join(", ")}</UserText> }} />
        </li>
      ))}
    </ul>
  );
}

interface Metric {
  name: string;
  value: string;
  meaning: string;
}

function metricsOf({ metrics = {}, expansion_ratio: ratio, model }: Expanded): Metric[] {
  const { words, reading_ease: ease, tone } = metrics;
  const all: (Metric | false)[] = [
    ratio !== undefined && { ...text.processors.ratio, value: text.processors.ratioValue(ratio) },
    words !== undefined && { ...text.processors.length, value: formatWordCount(words) },
    ease !== undefined && {
      ...text.processors.readingEase,
      value: text.processors.easeValue(ease, describeReadingEase(ease)),
    },
    !!tone && { ...text.processors.tone, value: tone },
    !!model && { ...text.processors.model, value: model },
  ];
  return all.filter((metric) => metric !== false);
}

function CopyButton({ content }: { content: string }): ReactNode {
  const { notices } = useStudio();
  const copy = async () => {
    const isCopied = await copyToClipboard(content);
    notices.notify(isCopied ? text.processors.copied : text.processors.copyRefused);
  };
  return (
    <Button className="link" onPress={() => void copy()}>
      {text.processors.copyText}
    </Button>
  );
}
