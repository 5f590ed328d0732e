/** The question before something is deleted for good. */

import type { ReactNode } from "react";
import { Button } from "react-aria-components";
import type { TrashItem } from "../../api/types";
import { useStudio } from "../../studio/context";
import { text } from "../../text";
import { DialogTitle } from "../../ui/DialogTitle";
import { Message } from "../../ui/Message";
import { QuotedText } from "../../ui/UserText";
import { trashItemName } from "./trashItemText";

interface PurgeDialogProps {
  /** Null for all of the trash. */
  item: TrashItem | null;
  close: () => void;
}

export function PurgeDialog({ item, close }: PurgeDialogProps): ReactNode {
  const { trash } = useStudio();
  const purge = () => {
    close();
    void trash.purge(item?.id ?? null);
  };
  return (
    <>
      <DialogTitle>
        <QuotedText text={item ? text.trash.deleteTitle(trashItemName(item)) : text.trash.emptyTitle} />
      </DialogTitle>
      <p>
        <Message
          text={item ? text.trash.deleteExplained : text.trash.emptyExplained}
          values={{ warning: <strong>{text.trash.cannotBeUndone}</strong> }}
        />
      </p>
      <div className="dialog-foot">
        <Button className="button" onPress={close} autoFocus>
          {text.general.cancel}
        </Button>
        <Button className="button danger" onPress={purge}>
          {item ? text.trash.deleteForGood : text.trash.deleteEverything}
        </Button>
      </div>
    </>
  );
}
