/** What else is in a bucket: content that this page can show but not write. */

import type { ReactNode } from "react";
import { type Blob, expandedOf, fieldsOf } from "../model/nouns";

export function OtherBlobs({ blobs }: { blobs: readonly Blob[] }): ReactNode {
  if (blobs.length === 0) return null;
  return (
    <section className="others" aria-label="Also here">
      <h2>Also here</h2>
      {blobs.map((blob) => (
        <details key={blob.id}>
          <summary>
            {blob.schema_id} <span className="quiet">made by {blob.processor_id}</span>
          </summary>
          <div className="prose">{textOf(blob)}</div>
        </details>
      ))}
    </section>
  );
}

function textOf(blob: Blob): string {
  const { content } = fieldsOf(blob.data);
  return expandedOf(blob)?.expanded ?? (typeof content === "string" ? content : JSON.stringify(blob.data, null, 2));
}
