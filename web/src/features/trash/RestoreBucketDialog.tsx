/** The dialog that chooses a new place for a bucket from the trash whose old one is not there any more. */

import type { ReactNode } from "react";
import { Button } from "react-aria-components";
import { useStudio } from "../../studio/context";
import { text } from "../../text";
import { DialogTitle } from "../../ui/DialogTitle";
import { Message } from "../../ui/Message";
import { UserText } from "../../ui/UserText";
import { BucketPicker } from "../library/dialogs/BucketPicker";

interface RestoreBucketDialogProps {
  id: string;
  name: string;
  close: () => void;
}

export function RestoreBucketDialog({ id, name, close }: RestoreBucketDialogProps): ReactNode {
  const { trash } = useStudio();
  const restore = (parentId: string | null) => {
    close();
    void trash.restoreBucket({ id, name, parentId });
  };
  return (
    <>
      <DialogTitle>
        <Message text={text.trash.restoreTitle} values={{ name: <UserText>{name}</UserText> }} />
      </DialogTitle>
      <p className="quiet">{text.trash.restoreExplained}</p>
      <BucketPicker label={text.trash.restoreInto(name)} hasTopLevel onPick={restore} />
      <div className="dialog-foot">
        <Button className="button" onPress={close}>
          {text.general.leaveInTrash}
        </Button>
      </div>
    </>
  );
}
