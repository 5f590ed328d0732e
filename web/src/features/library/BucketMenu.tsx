/** The menu of one bucket. */

import type { ReactNode } from "react";
import { Button, Keyboard, Menu, MenuItem, MenuTrigger, Popover, Separator, Text } from "react-aria-components";
import { useForest, useStudio } from "../../studio/context";
import { useOpenDialog } from "../../studio/dialogs";
import { text } from "../../text";
import { Icon } from "../../ui/Icon";
import { formatKeys } from "../../ui/keys";
import { Message } from "../../ui/Message";
import { UserText } from "../../ui/UserText";
import type { Branch } from "./forest";

export function BucketMenu({ branch: { id, name, parent } }: { branch: Branch }): ReactNode {
  const openDialog = useOpenDialog();
  const studio = useStudio();
  const parentBranch = useForest().byId.get(parent ?? "");
  const addNote = () => {
    studio.drafts.startNote(id);
    studio.route.go(id);
  };
  return (
    <MenuTrigger>
      <Button className="icon-button row-menu" aria-label={text.library.moreFor(name)}>
        <Icon name="more" />
      </Button>
      <Popover className="popover" placement="bottom end">
        <Menu className="menu" aria-label={text.library.actionsFor(name)}>
          <MenuItem
            onAction={() => openDialog({ kind: "create-bucket", parentId: id })}
            textValue={text.library.newBucketInside}
          >
            <Text slot="label">{text.library.newBucketInsideAsking}</Text>
            <Keyboard>{formatKeys("Ins")}</Keyboard>
          </MenuItem>
          <TemplateItems id={id} />
          <MenuItem onAction={addNote}>{text.library.addNote}</MenuItem>
          <MenuItem onAction={() => openDialog({ kind: "rename-bucket", id })} textValue={text.library.rename}>
            <Text slot="label">{text.library.renameAsking}</Text>
            <Keyboard>{formatKeys("F2")}</Keyboard>
          </MenuItem>
          <Separator />
          <MenuItem onAction={() => openDialog({ kind: "move-bucket", id })}>{text.library.moveAsking}</MenuItem>
          <MenuItem onAction={() => openDialog({ kind: "copy-bucket", id })}>{text.library.copyAsking}</MenuItem>
          <MenuItem onAction={() => openDialog({ kind: "compile", bucketId: id })}>{text.books.compile}</MenuItem>
          <MenuItem onAction={() => openDialog({ kind: "run", source: { kind: "bucket", bucketId: id } })}>
            {text.registry.run}
          </MenuItem>
          <Separator />
          {parentBranch && (
            <MenuItem onAction={() => void studio.buckets.takeOut(id)}>
              <Message text={text.library.takeOutOf} values={{ name: <UserText>{parentBranch.name}</UserText> }} />
            </MenuItem>
          )}
          <MenuItem onAction={() => openDialog({ kind: "trash-bucket", id })} textValue={text.general.moveToTrash}>
            <Text slot="label">{text.general.moveToTrashAsking}</Text>
            <Keyboard>{formatKeys("Del")}</Keyboard>
          </MenuItem>
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}

function TemplateItems({ id }: { id: string }): ReactNode {
  const openDialog = useOpenDialog();
  return (
    <>
      <MenuItem onAction={() => openDialog({ kind: "templates", parentId: id })}>{text.templates.beginAsking}</MenuItem>
      <MenuItem onAction={() => openDialog({ kind: "save-template", id })}>{text.templates.saveAs}</MenuItem>
    </>
  );
}
