/** Keeps the row of the open bucket in sight in the tree. */

import { type RefObject, useEffect, useRef } from "react";
import type { Branch, Forest } from "./forest";

interface RowHeights {
  rowHeight: number;
  padding: number;
}

/** Scrolls to the row of a bucket that was just opened, once it is among the rows; by hand it can be left again. */
export function useOpenRowInSight(
  box: RefObject<HTMLElement | null>,
  { forest, expanded, openId }: { forest: Forest; expanded: ReadonlySet<string>; openId: string | null },
  { rowHeight, padding }: RowHeights,
): void {
  const shownId = useRef<string | null>(null);
  useEffect(() => {
    if (shownId.current === openId) return;
    const index = openId === null ? -1 : rowIndexOf(forest.roots, expanded, openId);
    const tree = box.current?.querySelector(".tree");
    if (index < 0 || !tree) return;
    shownId.current = openId;
    const top = padding + index * rowHeight;
    const isInSight = top >= tree.scrollTop && top + rowHeight <= tree.scrollTop + tree.clientHeight;
    if (!isInSight) tree.scrollTop = top - tree.clientHeight / 3;
  }, [box, forest, expanded, openId, rowHeight, padding]);
}

/** Returns the position of a bucket among the rows that are shown; -1 when it is not. */
export function rowIndexOf(roots: readonly Branch[], expanded: ReadonlySet<string>, id: string): number {
  let index = -1;
  const visit = (branches: readonly Branch[]): boolean =>
    branches.some((branch) => {
      index += 1;
      return branch.id === id || (expanded.has(branch.id) && visit(branch.children));
    });
  return visit(roots) ? index : -1;
}
