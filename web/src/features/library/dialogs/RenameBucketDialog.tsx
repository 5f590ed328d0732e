/** The dialog that renames a bucket. */

import type { ReactNode } from "react";
import { Form } from "react-aria-components";
import { useForest, useStudio } from "../../../studio/context";
import { text } from "../../../text";
import { DialogTitle } from "../../../ui/DialogTitle";
import { Message } from "../../../ui/Message";
import { UserText } from "../../../ui/UserText";
import { useForm } from "../../../ui/useForm";
import { FormButtons, NameField } from "./BucketForm";

export function RenameBucketDialog({ id, close }: { id: string; close: () => void }): ReactNode {
  const { buckets } = useStudio();
  const name = useForest().byId.get(id)?.name ?? "";
  const form = useForm(text.library.renameFailed, async (field) => {
    await buckets.rename(id, field("name").trim());
    close();
  });
  return (
    <Form onSubmit={form.onSubmit}>
      <DialogTitle>
        <Message text={text.library.renameTitle} values={{ name: <UserText>{name}</UserText> }} />
      </DialogTitle>
      <NameField defaultName={name} />
      {form.error}
      <FormButtons submitLabel={text.library.rename} isBusy={form.isBusy} close={close} />
    </Form>
  );
}
