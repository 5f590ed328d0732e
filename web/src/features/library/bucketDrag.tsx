/** Drag and drop in the tree: onto a bucket moves into it, between two buckets moves there. */

import { DropIndicator, type Key, useDragAndDrop } from "react-aria-components";
import { useStudio } from "../../studio/context";
import { expandBuckets } from "../../studio/preferences";
import { type Branch, childrenOf, type Forest, type Position } from "./forest";

const BUCKET_MEDIA_TYPE = "application/x-reyna-bucket";

export function useBucketDrag(forest: Forest) {
  const { buckets, expanded } = useStudio();
  const itemOf = (key: Key) => ({
    [BUCKET_MEDIA_TYPE]: String(key),
    "text/plain": forest.byId.get(String(key))?.name ?? "",
  });
  return useDragAndDrop<Branch>({
    getItems: (keys) => [...keys].map(itemOf),
    acceptedDragTypes: [BUCKET_MEDIA_TYPE],
    getDropOperation: (target) => (target.type === "root" ? "cancel" : "move"),
    renderDropIndicator: (target) => <DropIndicator target={target} className="drop-line" />,
    onMove: ({ keys, target }) => {
      const [id] = keys;
      if (id === undefined) return;
      const position = dropPosition(forest, String(id), String(target.key), target.dropPosition);
      if (position.parent !== null) expandBuckets(expanded, [position.parent]);
      void buckets.move(String(id), position);
    },
  });
}

function dropPosition(forest: Forest, id: string, targetId: string, side: "before" | "after" | "on"): Position {
  if (side === "on") return { parent: targetId, after: undefined };
  const parent = forest.byId.get(targetId)?.parent ?? null;
  if (side === "after") return { parent, after: targetId };
  const siblings = childrenOf(forest, parent).filter((sibling) => sibling.id !== id);
  return { parent, after: siblings[siblings.findIndex((sibling) => sibling.id === targetId) - 1]?.id ?? null };
}
