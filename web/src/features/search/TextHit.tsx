/** A text that was found: the passage with its matches, and every path to it. */

import type { ReactNode } from "react";
import type { PathBucket, SearchHit } from "../../api/types";
import { text } from "../../text";
import { UserPath } from "../../ui/UserText";

/** The bucket that opens with the text; undefined for one that is in no bucket. */
export const bucketOf = (hit: SearchHit): string | undefined => hit.paths[0]?.at(-1)?.id;

export function Snippet({ parts }: { parts: SearchHit["snippet"] }): ReactNode {
  return (
    <bdi dir="auto" className="snippet">
      {parts.map((part, index) =>
        // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one snippet are never reordered
        part.match ? <mark key={index}>{part.text}</mark> : part.text,
      )}
    </bdi>
  );
}

export function Paths({ paths }: { paths: readonly (readonly PathBucket[])[] }): ReactNode {
  if (paths.length === 0) return <span>{text.search.inNoBucket}</span>;
  return paths.map((path) => (
    <span key={path.map(({ id }) => id).join("/")} className="path">
      <UserPath path={path} />
    </span>
  ));
}
