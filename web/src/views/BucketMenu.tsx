/** What can be done with one bucket. */

import type { ReactNode } from "react";
import { Button, Keyboard, Menu, MenuItem, MenuTrigger, Popover, Separator, Text } from "react-aria-components";
import type { Branch } from "../model/forest";
import { keysInWords } from "../model/keys";
import { useAsk, useForest, useStudio } from "./context";
import { Icon } from "./icons";

export function BucketMenu({ branch }: { branch: Branch }): ReactNode {
  const ask = useAsk();
  const studio = useStudio();
  const parent = useForest().byId.get(branch.parent ?? "");
  const addNote = () => {
    studio.drafts.start(branch.id);
    studio.where.go(branch.id);
  };
  return (
    <MenuTrigger>
      <Button className="icon-button row-menu" aria-label={`More for ${branch.name}`}>
        <Icon of="more" />
      </Button>
      <Popover className="popover" placement="bottom end">
        <Menu className="menu" aria-label={`Actions for ${branch.name}`}>
          <MenuItem onAction={() => ask({ kind: "create", parent: branch.id })} textValue="New bucket inside">
            <Text slot="label">New bucket inside…</Text>
            <Keyboard>Ins</Keyboard>
          </MenuItem>
          <MenuItem onAction={addNote}>Add a note</MenuItem>
          <MenuItem onAction={() => ask({ kind: "rename", id: branch.id })} textValue="Rename">
            <Text slot="label">Rename…</Text>
            <Keyboard>F2</Keyboard>
          </MenuItem>
          <Separator />
          <MenuItem onAction={() => ask({ kind: "move", id: branch.id })}>Move to…</MenuItem>
          <MenuItem onAction={() => ask({ kind: "copy", id: branch.id })}>Copy…</MenuItem>
          <Separator />
          {parent && (
            <MenuItem onAction={() => void studio.deeds.takeOutBucket(branch.id)}>Take out of {parent.name}</MenuItem>
          )}
          <MenuItem onAction={() => ask({ kind: "trash-bucket", id: branch.id })} textValue="Move to the trash">
            <Text slot="label">Move to the trash…</Text>
            <Keyboard>{keysInWords("Del")}</Keyboard>
          </MenuItem>
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}
