/** The dialog that copies a bucket. */

import { type ReactNode, useState } from "react";
import { Button } from "react-aria-components";
import { useForest, useStudio } from "../../../studio/context";
import { expandBuckets } from "../../../studio/preferences";
import { text } from "../../../text";
import { DialogTitle } from "../../../ui/DialogTitle";
import { Message } from "../../../ui/Message";
import { UserText } from "../../../ui/UserText";
import { BucketPicker } from "./BucketPicker";

export function CopyBucketDialog({ id, close }: { id: string; close: () => void }): ReactNode {
  const { buckets, expanded } = useStudio();
  const name = useForest().byId.get(id)?.name ?? "";
  const [isDeep, setDeep] = useState(true);
  const copy = (parentId: string | null) => {
    close();
    if (parentId !== null) expandBuckets(expanded, [parentId]);
    void buckets.copy({ bucketId: id, parentId, deep: isDeep });
  };
  return (
    <>
      <DialogTitle>
        <Message text={text.library.copyTitle} values={{ name: <UserText>{name}</UserText> }} />
      </DialogTitle>
      <fieldset className="choice">
        <legend className="quiet">{text.library.copyLegend}</legend>
        <label>
          <input type="radio" name="deep" checked={isDeep} onChange={() => setDeep(true)} /> {text.library.copyDeep}
        </label>
        <label>
          <input type="radio" name="deep" checked={!isDeep} onChange={() => setDeep(false)} />{" "}
          {text.library.copyShallow}
        </label>
      </fieldset>
      <BucketPicker label={text.library.copyInto(name)} hasTopLevel onPick={copy} />
      <div className="dialog-foot">
        <Button className="button" onPress={close}>
          {text.general.cancel}
        </Button>
      </div>
    </>
  );
}
