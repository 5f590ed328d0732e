/** The dialog that creates a bucket. */

import { type ReactNode, useState } from "react";
import { Button, ComboBox, Form, Input, Label, ListBox, ListBoxItem, Popover, Text } from "react-aria-components";
import { useForest, useStudio } from "../../../studio/context";
import { useOpenDialog } from "../../../studio/dialogs";
import { expandBuckets } from "../../../studio/preferences";
import { text } from "../../../text";
import { DialogTitle } from "../../../ui/DialogTitle";
import { Message } from "../../../ui/Message";
import { UserText } from "../../../ui/UserText";
import { useForm } from "../../../ui/useForm";
import { FormButtons, NameField } from "./BucketForm";
import { BUCKET_TYPES, likelyName, likelyType } from "./bucketTypes";

const EXAMPLE_COUNT = 4; // types that the hint names

interface CreateBucketDialogProps {
  parentId: string | null;
  type: string | undefined;
  close: () => void;
}

export function CreateBucketDialog({ parentId, type, close }: CreateBucketDialogProps): ReactNode {
  const studio = useStudio();
  const forest = useForest();
  const openDialog = useOpenDialog();
  const suggestedType = type ?? likelyType(forest, parentId);
  const [typed, setTyped] = useState(suggestedType);
  const form = useForm(text.library.createFailed, async (field) => {
    const bucket = await studio.buckets.create({ name: field("name").trim(), type: typed.trim(), parentId });
    if (parentId !== null) expandBuckets(studio.expanded, [parentId]);
    studio.route.go(bucket.id);
    close();
  });
  const parentName = forest.byId.get(parentId ?? "")?.name ?? text.general.unknownName;
  return (
    <Form onSubmit={form.onSubmit}>
      <DialogTitle>
        {parentId === null ? (
          text.general.newBucket
        ) : (
          <Message text={text.library.newBucketIn} values={{ name: <UserText>{parentName}</UserText> }} />
        )}
      </DialogTitle>
      <NameField defaultName={likelyName(forest, parentId, suggestedType)} />
      <TypeField value={typed} onChange={setTyped} />
      <Button className="link" onPress={() => openDialog({ kind: "templates", parentId })}>
        {text.templates.beginAsking}
      </Button>
      {form.error}
      <FormButtons submitLabel={text.library.create} isBusy={form.isBusy} close={close} />
    </Form>
  );
}

/** Offers common types, and takes any other word. */
function TypeField({ value, onChange }: { value: string; onChange: (value: string) => void }): ReactNode {
  return (
    <ComboBox
      className="field"
      allowsCustomValue
      inputValue={value}
      onInputChange={onChange}
      menuTrigger="focus"
      isRequired
    >
      <Label>{text.library.type}</Label>
      <Input dir="auto" />
      <Text slot="description" className="quiet">
        {text.library.typeHint(BUCKET_TYPES.slice(0, EXAMPLE_COUNT).join(", "))}
      </Text>
      <Popover className="popover">
        <ListBox className="menu">
          {BUCKET_TYPES.map((type) => (
            <ListBoxItem id={type} key={type} className="menu-item">
              {type}
            </ListBoxItem>
          ))}
        </ListBox>
      </Popover>
    </ComboBox>
  );
}
