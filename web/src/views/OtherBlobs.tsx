/** What else is in a bucket: content that this page can show but not write. */

import type { ReactNode } from "react";
import { Button, Menu, MenuItem, MenuTrigger, Popover } from "react-aria-components";
import { type Blob, textOf } from "../model/nouns";
import { useAsk, useStudio } from "./context";
import { Icon } from "./icons";

interface OtherBlobsProps {
  blobs: readonly Blob[];
  bucketId: string;
}

export function OtherBlobs({ blobs, bucketId }: OtherBlobsProps): ReactNode {
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
          <OtherMenu blob={blob} bucketId={bucketId} />
        </details>
      ))}
    </section>
  );
}

function OtherMenu({ blob, bucketId }: { blob: Blob; bucketId: string }): ReactNode {
  const { deeds } = useStudio();
  const ask = useAsk();
  const isElsewhere = blob.bucket_ids.length > 1;
  return (
    <MenuTrigger>
      <Button className="icon-button" aria-label={`More for this ${blob.schema_id}`}>
        <Icon of="more" />
      </Button>
      <Popover className="popover">
        <Menu className="menu" aria-label="Actions">
          <MenuItem onAction={() => ask({ kind: "history", blobId: blob.id })}>History…</MenuItem>
          <MenuItem onAction={() => ask({ kind: "places", blobId: blob.id, from: bucketId })}>
            Where it stands…
          </MenuItem>
          <MenuItem isDisabled={!isElsewhere} onAction={() => void deeds.takeOut(bucketId, blob.id, undefined)}>
            Take out of this bucket
          </MenuItem>
          <MenuItem onAction={() => void deeds.trashNote(blob.id)}>Move to the trash</MenuItem>
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}
