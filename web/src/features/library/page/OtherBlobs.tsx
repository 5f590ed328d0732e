/** The blobs of a bucket that this page can show but not write. */

import type { ReactNode } from "react";
import { Button, Menu, MenuItem, MenuTrigger, Popover } from "react-aria-components";
import { textOf } from "../../../api/blobContent";
import type { Blob } from "../../../api/types";
import { useStudio } from "../../../studio/context";
import { useOpenDialog } from "../../../studio/dialogs";
import { text } from "../../../text";
import { Icon } from "../../../ui/Icon";

interface OtherBlobsProps {
  blobs: readonly Blob[];
  bucketId: string;
}

export function OtherBlobs({ blobs, bucketId }: OtherBlobsProps): ReactNode {
  if (blobs.length === 0) return null;
  return (
    <section className="others" aria-label={text.library.alsoHere}>
      <h2>{text.library.alsoHere}</h2>
      {blobs.map((blob) => (
        <details key={blob.id}>
          <summary>
            {blob.schema_id} <span className="quiet">{text.library.madeBy(blob.processor_id)}</span>
          </summary>
          <div className="prose" dir="auto">
            {textOf(blob)}
          </div>
          <BlobMenu blob={blob} bucketId={bucketId} />
        </details>
      ))}
    </section>
  );
}

function BlobMenu({ blob: { id: blobId, schema_id, bucket_ids }, bucketId }: BlobMenuProps): ReactNode {
  const { placements, trash } = useStudio();
  const openDialog = useOpenDialog();
  const isElsewhere = bucket_ids.length > 1;
  return (
    <MenuTrigger>
      <Button className="icon-button" aria-label={text.library.moreForBlob(schema_id)}>
        <Icon name="more" />
      </Button>
      <Popover className="popover">
        <Menu className="menu" aria-label={text.library.actions}>
          <MenuItem onAction={() => openDialog({ kind: "history", blobId })}>{text.general.history}</MenuItem>
          <MenuItem onAction={() => openDialog({ kind: "places", blobId, bucketId })}>
            {text.general.whereItStands}
          </MenuItem>
          <MenuItem isDisabled={!isElsewhere} onAction={() => void placements.takeOut({ bucketId, blobId })}>
            {text.library.takeOutOfBucket}
          </MenuItem>
          <MenuItem onAction={() => void trash.trashBlob(blobId)}>{text.general.moveToTrash}</MenuItem>
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}

interface BlobMenuProps {
  blob: Blob;
  bucketId: string;
}
