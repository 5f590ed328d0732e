/** The menu of one note. */

import type { ReactNode } from "react";
import { Button, Menu, MenuItem, MenuTrigger, Popover, Separator, Text } from "react-aria-components";
import { NOTE_SCHEMA } from "../../api/blobContent";
import { useForest, useStudio } from "../../studio/context";
import { useOpenDialog } from "../../studio/dialogs";
import { text } from "../../text";
import { Icon } from "../../ui/Icon";
import { Message } from "../../ui/Message";
import { UserText } from "../../ui/UserText";

interface NoteMenuProps {
  draftKey: string;
  /** Null until the server knows the note. */
  blobId: string | null;
  number: number;
  bucketId: string;
  previous: string | null | undefined;
  next: string | undefined;
  placeCount: number;
}

export function NoteMenu(props: NoteMenuProps): ReactNode {
  return (
    <MenuTrigger>
      <Button className="icon-button" aria-label={text.notes.moreFor(props.number)}>
        <Icon name="more" />
      </Button>
      <Popover className="popover" placement="bottom end">
        <NoteActions {...props} />
      </Popover>
    </MenuTrigger>
  );
}

/** What the items of the menu do; nothing happens to a note that the server does not know yet. */
function useNoteActions({ draftKey, blobId, bucketId, previous, next, placeCount }: NoteMenuProps) {
  const openDialog = useOpenDialog();
  const { placements, trash } = useStudio();
  const withBlob = (run: (blobId: string) => void) => () => {
    if (blobId !== null) run(blobId);
  };
  const placeBehind = (after: string | null) =>
    withBlob((blobId) => void placements.place({ bucketId, blobId, after }));
  return {
    moveUp: placeBehind(previous ?? null),
    moveDown: placeBehind(next ?? null),
    showHistory: withBlob((blobId) => openDialog({ kind: "history", blobId })),
    showPlaces: withBlob((blobId) => openDialog({ kind: "places", blobId, bucketId })),
    run: withBlob((blobId) =>
      openDialog({ kind: "run", source: { kind: "blobs", blobIds: [blobId], schemaId: NOTE_SCHEMA } }),
    ),
    placeElsewhere: withBlob((blobId) => openDialog({ kind: "place-note", blobId })),
    takeOut: withBlob((blobId) => void placements.takeOut({ bucketId, blobId, after: previous ?? null })),
    moveToTrash: () => {
      if (blobId !== null && placeCount > 1) openDialog({ kind: "trash-note", blobId, bucketId });
      else void trash.trashDraft(draftKey);
    },
  };
}

function NoteActions(props: NoteMenuProps): ReactNode {
  const { blobId, number, bucketId, previous, next, placeCount } = props;
  const actions = useNoteActions(props);
  const bucketType = useForest().byId.get(bucketId)?.type ?? text.general.bucketType;
  const isUnsaved = blobId === null;
  const isOnlyPlace = placeCount < 2;
  return (
    <Menu className="menu" aria-label={text.notes.actionsFor(number)}>
      <MenuItem isDisabled={isUnsaved || previous === undefined} onAction={actions.moveUp}>
        {text.notes.moveUp}
      </MenuItem>
      <MenuItem isDisabled={isUnsaved || !next} onAction={actions.moveDown}>
        {text.notes.moveDown}
      </MenuItem>
      <Separator />
      <MenuItem isDisabled={isUnsaved} onAction={actions.run}>
        {text.registry.run}
      </MenuItem>
      <Separator />
      <MenuItem isDisabled={isUnsaved} onAction={actions.showHistory}>
        {text.general.history}
      </MenuItem>
      <MenuItem isDisabled={isUnsaved} onAction={actions.showPlaces}>
        {text.general.whereItStands}
      </MenuItem>
      <MenuItem isDisabled={isUnsaved} onAction={actions.placeElsewhere}>
        {text.general.placeElsewhere}
      </MenuItem>
      <Separator />
      <MenuItem
        isDisabled={isUnsaved || isOnlyPlace}
        textValue={text.notes.takeOutOfThisPlain(bucketType)}
        onAction={actions.takeOut}
      >
        <TakeOutLabel bucketType={bucketType} isOnlyPlace={isOnlyPlace} />
      </MenuItem>
      <MenuItem onAction={actions.moveToTrash}>
        {isOnlyPlace ? text.general.moveToTrash : text.general.moveToTrashAsking}
      </MenuItem>
    </Menu>
  );
}

function TakeOutLabel({ bucketType, isOnlyPlace }: { bucketType: string; isOnlyPlace: boolean }): ReactNode {
  return (
    <>
      <Text slot="label">
        <Message text={text.notes.takeOutOfThis} values={{ type: <UserText>{bucketType}</UserText> }} />
      </Text>
      {isOnlyPlace && (
        <Text slot="description" className="quiet">
          {text.notes.itsOnlyPlace}
        </Text>
      )}
    </>
  );
}
