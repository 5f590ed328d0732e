/** What can be done with one bucket. */

import type { ReactNode } from "react";
import { Button, Keyboard, Menu, MenuItem, MenuTrigger, Popover, Text } from "react-aria-components";
import type { Branch } from "../model/forest";
import { useAsk, useStudio } from "./context";
import { Icon } from "./icons";

export function BucketMenu({ branch }: { branch: Branch }): ReactNode {
  const ask = useAsk();
  const studio = useStudio();
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
          <MenuItem onAction={() => ask({ kind: "move", id: branch.id })}>Move to…</MenuItem>
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}
