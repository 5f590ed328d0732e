/** The differences between a version and the newest one. */

import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { errorMessage } from "../../api/errors";
import type { Difference } from "../../api/types";
import { useStudio } from "../../studio/context";
import { text } from "../../text";

const CONTENT_PATH = "/content";

interface RevisionDiffProps {
  blobId: string;
  from: number | string;
  newest: number;
}

export function RevisionDiff({ blobId, from, newest }: RevisionDiffProps): ReactNode {
  const { data, error } = useQuery(useStudio().queries.diff(blobId, from, newest));
  if (error) {
    return (
      <p className="wrong">
        {text.notes.compareFailed} {errorMessage(error)}
      </p>
    );
  }
  if (!data) return null;
  if (data.differences.length === 0) return <p className="quiet">{text.notes.sameAsNow}</p>;
  return data.differences.map((difference) => <DifferenceView difference={difference} key={difference.path} />);
}

function DifferenceView({ difference }: { difference: Difference }): ReactNode {
  const { path, pieces, before, after } = difference;
  const parts = pieces ?? [
    { kind: "removed" as const, text: before === undefined ? "" : JSON.stringify(before) },
    { kind: "added" as const, text: after === undefined ? "" : JSON.stringify(after) },
  ];
  return (
    <div>
      {path !== CONTENT_PATH && <h4 dir="auto">{path.slice(1)}</h4>}
      {parts.map(({ kind, text: content }, index) => {
        // biome-ignore lint/suspicious/noArrayIndexKey: a comparison is never reordered
        if (kind === "same") return <span key={index}>{content}</span>;
        // biome-ignore lint/suspicious/noArrayIndexKey: a comparison is never reordered
        return kind === "removed" ? <del key={index}>{content}</del> : <ins key={index}>{content}</ins>;
      })}
    </div>
  );
}
