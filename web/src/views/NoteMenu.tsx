/** What can be done with one note. */

import type { ReactNode } from "react";
import { Button, Menu, MenuItem, MenuTrigger, Popover, Separator, Text } from "react-aria-components";
import type { Draft } from "../model/draft";
import { spoken } from "../model/words";
import { useAsk, useForest, useStudio } from "./context";
import { Icon } from "./icons";
import type { NoteRowProps } from "./NoteRow";

export function NoteMenu(props: NoteRowProps & { draft: Draft }): ReactNode {
  const { noteKey, number, bucketId, before, behind, places, draft } = props;
  const ask = useAsk();
  const { deeds } = useStudio();
  const here = spoken(useForest().byId.get(bucketId)?.type ?? "bucket");
  const blobId = draft.blobId;
  const put = (after: string | null) => blobId && void deeds.place(bucketId, blobId, after, "");
  const trash = () => {
    if (blobId && places > 1) ask({ kind: "trash-note", blobId, from: bucketId });
    else void deeds.trashDraft(noteKey);
  };
  return (
    <MenuTrigger>
      <Button className="icon-button" aria-label={`More for note ${number}`}>
        <Icon of="more" />
      </Button>
      <Popover className="popover" placement="bottom end">
        <Menu className="menu" aria-label={`Actions for note ${number}`}>
          <MenuItem isDisabled={!blobId || before === undefined} onAction={() => put(before ?? null)}>
            Move up
          </MenuItem>
          <MenuItem isDisabled={!blobId || !behind} onAction={() => put(behind ?? null)}>
            Move down
          </MenuItem>
          <Separator />
          <MenuItem isDisabled={!blobId} onAction={() => blobId && ask({ kind: "history", blobId })}>
            History…
          </MenuItem>
          <MenuItem isDisabled={!blobId} onAction={() => blobId && ask({ kind: "places", blobId, from: bucketId })}>
            Where it stands…
          </MenuItem>
          <MenuItem isDisabled={!blobId} onAction={() => blobId && ask({ kind: "place", blobId })}>
            Place in another bucket too…
          </MenuItem>
          <Separator />
          <MenuItem
            isDisabled={!blobId || places < 2}
            textValue={`Take out of this ${here}`}
            onAction={() => blobId && void deeds.takeOut(bucketId, blobId, before ?? null)}
          >
            <Text slot="label">Take out of this {here}</Text>
            {places < 2 && (
              <Text slot="description" className="quiet">
                its only place
              </Text>
            )}
          </MenuItem>
          <MenuItem onAction={trash}>{places > 1 ? "Move to the trash…" : "Move to the trash"}</MenuItem>
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}
