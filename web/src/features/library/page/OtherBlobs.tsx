/** The blobs of a bucket that this page can show but not write. */

import { type ReactNode, useState } from "react";
import { Button, Menu, MenuItem, MenuTrigger, Popover } from "react-aria-components";
import type { Blob } from "../../../api/types";
import { useStudio } from "../../../studio/context";
import { useOpenDialog } from "../../../studio/dialogs";
import { text } from "../../../text";
import { describeSchema } from "../../../text/processing/registry";
import { Icon } from "../../../ui/Icon";
import { UserText } from "../../../ui/UserText";
import { BlobContent } from "../../content/BlobContent";
import { lineOf } from "../../content/useBlobTitle";
import { isMedia } from "../../files/fileKinds";

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
        <OtherBlob blob={blob} bucketId={bucketId} key={blob.id} />
      ))}
    </section>
  );
}

/** Its content is drawn once it is opened, since there may be hundreds; images and audio are open at first. */
function OtherBlob({ blob, bucketId }: BlobMenuProps): ReactNode {
  const [isOpen, setOpen] = useState(isMedia(blob));
  return (
    <details open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <UserText>{lineOf(blob)}</UserText>{" "}
        <span className="quiet">
          {lineOf(blob) !== describeSchema(blob.schema_id) && describeSchema(blob.schema_id) + text.trash.separator}
          <UserText>{text.library.madeBy(blob.processor_id)}</UserText>
        </span>
      </summary>
      {isOpen && (
        <>
          <BlobContent blob={blob} />
          <BlobMenu blob={blob} bucketId={bucketId} />
        </>
      )}
    </details>
  );
}

function BlobMenu({ blob: { id: blobId, schema_id, bucket_ids, parent_id }, bucketId }: BlobMenuProps): ReactNode {
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
          <MenuItem
            onAction={() =>
              openDialog({ kind: "run", source: { kind: "blobs", blobIds: [blobId], schemaId: schema_id } })
            }
          >
            {text.registry.run}
          </MenuItem>
          {parent_id !== null && (
            <MenuItem onAction={() => openDialog({ kind: "blob", blobId: parent_id })}>
              {text.content.openSource}
            </MenuItem>
          )}
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
