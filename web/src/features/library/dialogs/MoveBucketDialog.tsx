/** The dialog that moves a bucket into another one. */

import type { ReactNode } from "react";
import { Button } from "react-aria-components";
import { useForest, useStudio } from "../../../studio/context";
import { expandBuckets } from "../../../studio/preferences";
import { text } from "../../../text";
import { DialogTitle } from "../../../ui/DialogTitle";
import { Message } from "../../../ui/Message";
import { UserPath, UserText } from "../../../ui/UserText";
import { pathTo, wouldContainItself } from "../forest";
import { BucketPicker } from "./BucketPicker";

export function MoveBucketDialog({ id, close }: { id: string; close: () => void }): ReactNode {
  const { buckets, expanded } = useStudio();
  const forest = useForest();
  const { name = "", parent: currentParent } = forest.byId.get(id) ?? {};
  const move = (parent: string | null) => {
    close();
    if (parent !== null) expandBuckets(expanded, [parent]);
    void buckets.move(id, { parent, after: undefined });
  };
  return (
    <>
      <DialogTitle>
        <Message text={text.library.moveTitle} values={{ name: <UserText>{name}</UserText> }} />
      </DialogTitle>
      <BucketPicker
        label={text.library.moveInto(name)}
        hasTopLevel
        allows={(branch) => !wouldContainItself(forest, id, branch.id)}
        onPick={move}
      />
      <div className="dialog-foot">
        <p className="quiet">
          {currentParent ? (
            <Message text={text.library.nowIn} values={{ path: <UserPath path={pathTo(forest, currentParent)} /> }} />
          ) : (
            text.library.nowAtTop
          )}
        </p>
        <Button className="button" onPress={close}>
          {text.general.cancel}
        </Button>
      </div>
    </>
  );
}
