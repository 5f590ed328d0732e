/** The dialog that saves a bucket as a template. */

import { type ReactNode, useState } from "react";
import { Form, Label, TextArea, TextField } from "react-aria-components";
import { useForest, useStudio } from "../../studio/context";
import { text } from "../../text";
import { DialogTitle } from "../../ui/DialogTitle";
import { Message } from "../../ui/Message";
import { UserText } from "../../ui/UserText";
import { useForm } from "../../ui/useForm";
import { FormButtons, NameField } from "../library/dialogs/BucketForm";

export function SaveTemplateDialog({ id, close }: { id: string; close: () => void }): ReactNode {
  const { templateActions } = useStudio();
  const name = useForest().byId.get(id)?.name ?? "";
  const [hasTexts, setHasTexts] = useState(false);
  const form = useForm(text.templates.saveFailed, async (field) => {
    const described = { name: field("name").trim(), description: field("description").trim() };
    await templateActions.save({ bucketId: id, texts: hasTexts, ...described });
    close();
  });
  return (
    <Form onSubmit={form.onSubmit}>
      <DialogTitle>
        <Message text={text.templates.saveTitle} values={{ name: <UserText>{name}</UserText> }} />
      </DialogTitle>
      <p className="quiet">{text.templates.saveExplained}</p>
      <NameField defaultName={name} />
      <TextField name="description" className="field" maxLength={2000}>
        <Label>{text.templates.description}</Label>
        <TextArea dir="auto" rows={3} />
      </TextField>
      <label>
        <input type="checkbox" checked={hasTexts} onChange={(event) => setHasTexts(event.currentTarget.checked)} />{" "}
        {text.templates.withTexts}
      </label>
      {form.error}
      <FormButtons submitLabel={text.templates.save} isBusy={form.isBusy} close={close} />
    </Form>
  );
}
