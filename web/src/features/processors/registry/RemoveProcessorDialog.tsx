/** The question before a processor of the user's own is removed. */

import type { ReactNode } from "react";
import { Button } from "react-aria-components";
import type { Processor } from "../../../api/types";
import { useStudio } from "../../../studio/context";
import { text } from "../../../text";
import { DialogTitle } from "../../../ui/DialogTitle";
import { Message } from "../../../ui/Message";
import { UserText } from "../../../ui/UserText";

interface RemoveProcessorDialogProps {
  processor: Processor;
  close: () => void;
}

export function RemoveProcessorDialog({ processor, close }: RemoveProcessorDialogProps): ReactNode {
  const { instances } = useStudio();
  const remove = () => {
    close();
    void instances.removeProcessor(processor);
  };
  return (
    <>
      <DialogTitle>
        <Message text={text.registry.removeTitle} values={{ name: <UserText>{processor.name}</UserText> }} />
      </DialogTitle>
      <p>{text.registry.removeExplained}</p>
      <div className="dialog-foot">
        <Button className="button" onPress={close} autoFocus>
          {text.general.cancel}
        </Button>
        <Button className="button danger" onPress={remove}>
          {text.registry.remove}
        </Button>
      </div>
    </>
  );
}
