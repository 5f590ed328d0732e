/** The edge between the tree and the page, which is moved by hand or with the arrow keys. */

import type { KeyboardEvent, PointerEvent, ReactNode } from "react";
import { useStudio } from "../studio/context";
import { MAX_SIDE_WIDTH, MIN_SIDE_WIDTH } from "../studio/preferences";
import { text } from "../text";
import { useStore } from "../ui/store";

const STEP = 16; // px
const KEY_STEPS: Readonly<Record<string, number>> = { ArrowLeft: -STEP, ArrowRight: STEP, Home: -1000, End: 1000 };

export function SideResizer(): ReactNode {
  const { sideWidth } = useStudio();
  const width = useStore(sideWidth, (value) => value);
  const resize = (next: number) => sideWidth.set(() => Math.min(MAX_SIDE_WIDTH, Math.max(MIN_SIDE_WIDTH, next)));
  const onKeyDown = (event: KeyboardEvent) => {
    const step = KEY_STEPS[event.key];
    if (step === undefined) return;
    event.preventDefault();
    resize(width + step);
  };
  const onPointerMove = (event: PointerEvent) => {
    if (event.currentTarget.hasPointerCapture(event.pointerId)) resize(event.clientX);
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a separator that can be moved has no element of its own
    <div
      className="side-resizer"
      role="separator"
      tabIndex={0}
      aria-label={text.app.treeWidth}
      aria-orientation="vertical"
      aria-valuemin={MIN_SIDE_WIDTH}
      aria-valuemax={MAX_SIDE_WIDTH}
      aria-valuenow={width}
      onKeyDown={onKeyDown}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={onPointerMove}
    />
  );
}
