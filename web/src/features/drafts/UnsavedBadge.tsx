/** The badge in the bar: silent while saves come and go, and there as soon as something stays unsaved. */

import type { ReactNode } from "react";
import { Button } from "react-aria-components";
import { useUnsaved } from "../../studio/context";
import { useOpenDialog } from "../../studio/dialogs";
import { text } from "../../text";
import { formatAge } from "../../text/quantities";
import { useDelayedTrue, useNow } from "../../ui/hooks";
import { Icon } from "../../ui/Icon";
import type { Draft } from "./draft";

const LONG_UNSAVED_MS = 12_000; // saves come and go, and a new note waits for its first pause

export function UnsavedBadge(): ReactNode {
  const unsaved = useUnsaved();
  const openDialog = useOpenDialog();
  const isStuck = unsaved.some((draft) => draft.state.kind !== "saving");
  const isLongUnsaved = useDelayedTrue(unsaved.length > 0, LONG_UNSAVED_MS);
  const now = useNow(unsaved.length > 0);
  if (!isStuck && !isLongUnsaved) return null;
  return (
    <Button className="unsaved-mark" onPress={() => openDialog({ kind: "unsaved-texts" })}>
      <Icon name="alert" />
      <span>{text.drafts.badge(unsaved.length, formatAge(now - oldestChange(unsaved)))}</span>
    </Button>
  );
}

/** Returns when the oldest unsaved change was typed (ms). */
function oldestChange(unsaved: readonly Draft[]): number {
  return Math.min(...unsaved.map(({ state }) => (state.kind === "saved" ? Number.POSITIVE_INFINITY : state.since)));
}
