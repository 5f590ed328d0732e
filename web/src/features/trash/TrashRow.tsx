/** One bucket or note in the trash, with the buttons that restore it and delete it for good. */

import type { ReactNode } from "react";
import { Button } from "react-aria-components";
import type { TrashItem } from "../../api/types";
import { useStudio } from "../../studio/context";
import { useOpenDialog } from "../../studio/dialogs";
import { text } from "../../text";
import { Age } from "../../ui/Age";
import { Icon, iconOfType } from "../../ui/Icon";
import { UserText } from "../../ui/UserText";
import { describeContents, trashItemKind, trashItemName } from "./trashItemText";

const NOTE_ICON_TYPE = "scene"; // a bucket's type whose icon is a page

interface TrashRowProps {
  item: TrashItem;
  /** When the list was read (ms). */
  now: number;
}

export function TrashRow({ item, now }: TrashRowProps): ReactNode {
  const { trash } = useStudio();
  const openDialog = useOpenDialog();
  const name = trashItemName(item);
  const restore = async () => {
    if (item.kind === "bucket") {
      const isRestored = await trash.restoreBucket({ id: item.id, name });
      if (!isRestored) openDialog({ kind: "restore-bucket", id: item.id, name });
      return;
    }
    const blob = await trash.restoreBlob(item.id);
    if (blob?.bucket_ids.length === 0) openDialog({ kind: "restored-note", blobId: blob.id });
  };
  return (
    <li>
      <Icon name={iconOfType(item.bucket?.type ?? NOTE_ICON_TYPE)} />
      <div>
        <p className="trash-name" dir="auto">
          {name}
        </p>
        <p className="quiet">
          <UserText>{trashItemKind(item)}</UserText>
          {describeContents(item)}
          {text.trash.separator}
          <Age at={item.trashed_at} now={now} />
        </p>
      </div>
      <div className="row">
        <Button className="button" aria-label={text.trash.restoreName(name)} onPress={() => void restore()}>
          {text.trash.restore}
        </Button>
        <Button
          className="icon-button"
          aria-label={text.trash.deleteName(name)}
          onPress={() => openDialog({ kind: "purge", item })}
        >
          <Icon name="trash" />
        </Button>
      </div>
    </li>
  );
}
