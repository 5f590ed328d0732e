/** The keys of the tree: Alt with the arrows moves a bucket, and others open the dialogs about it. */

import type { KeyboardEvent } from "react";
import { useStudio } from "../../studio/context";
import { type DialogRequest, useOpenDialog } from "../../studio/dialogs";
import { expandBuckets } from "../../studio/preferences";
import { type Direction, type Forest, neighbouringPosition } from "./forest";

const DIRECTIONS: Readonly<Record<string, Direction>> = {
  ArrowUp: "up",
  ArrowDown: "down",
  ArrowRight: "in",
  ArrowLeft: "out",
};

/** Returns a listener for the capture phase, before the tree takes the arrows for itself. */
export function useTreeKeys(forest: Forest): (event: KeyboardEvent) => void {
  const { buckets, expanded } = useStudio();
  const openDialog = useOpenDialog();

  function moveBy(id: string, direction: Direction): void {
    const position = neighbouringPosition(forest, id, direction);
    if (!position) return;
    if (position.parent !== null) expandBuckets(expanded, [position.parent]);
    void buckets.move(id, position);
  }

  /** Returns false for keys that do nothing to a bucket. */
  function handleKey(id: string, { key, altKey }: KeyboardEvent): boolean {
    const direction = altKey ? DIRECTIONS[key] : undefined;
    if (direction) {
      moveBy(id, direction);
      return true;
    }
    const dialog = dialogOf(key, id);
    if (dialog) openDialog(dialog);
    return dialog !== null;
  }

  return (event) => {
    const id = (event.target as Element).closest("[role=row]")?.getAttribute("data-key");
    if (!id || !forest.byId.has(id) || !handleKey(id, event)) return;
    event.preventDefault();
    event.stopPropagation();
  };
}

function dialogOf(key: string, id: string): DialogRequest | null {
  switch (key) {
    case "F2":
      return { kind: "rename-bucket", id };
    case "Insert":
      return { kind: "create-bucket", parentId: id };
    case "Delete":
    case "Backspace":
      return { kind: "trash-bucket", id };
    default:
      return null;
  }
}
