/** The parts that the forms of buckets share: the name and the buttons. */

import type { ReactNode } from "react";
import { Button, Input, Label, TextField } from "react-aria-components";
import { text } from "../../../text";

export function NameField({ defaultName }: { defaultName: string }): ReactNode {
  return (
    <TextField name="name" isRequired autoFocus defaultValue={defaultName} className="field">
      <Label>{text.library.name}</Label>
      <Input dir="auto" onFocus={(event) => event.currentTarget.select()} />
    </TextField>
  );
}

interface FormButtonsProps {
  submitLabel: string;
  isBusy: boolean;
  close: () => void;
}

export function FormButtons({ submitLabel, isBusy, close }: FormButtonsProps): ReactNode {
  return (
    <div className="dialog-foot">
      <Button className="button" onPress={close}>
        {text.general.cancel}
      </Button>
      <Button type="submit" className="button primary" isPending={isBusy}>
        {submitLabel}
      </Button>
    </div>
  );
}
