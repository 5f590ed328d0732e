/** Describes how the saving of a note stands. */

import { text } from "../../text";
import { formatAge } from "../../text/quantities";
import type { IconName } from "../../ui/Icon";
import type { Draft, SaveState } from "./draft";

const MIN_AGE_MS = 3_000; // below it an age only makes the status restless

/** Returns the short status of a draft and its icon. */
export function statusOf(state: SaveState, isOnServer: boolean, now: number): { label: string; icon: IconName | null } {
  if (state.kind === "saved") {
    return isOnServer ? { label: text.drafts.saved, icon: "check" } : { label: text.drafts.nothingToSave, icon: null };
  }
  const age = now - state.since;
  const unsaved = text.drafts.unsavedFor(formatAge(age));
  switch (state.kind) {
    case "saving":
      return { label: age < MIN_AGE_MS ? text.drafts.saving : text.drafts.savingSince(unsaved), icon: null };
    case "offline":
      return { label: text.drafts.offline(unsaved), icon: "cloudOff" };
    case "conflict":
      return { label: text.drafts.twoVersions(unsaved), icon: "alert" };
    case "refused":
      return { label: text.drafts.notSaved(unsaved), icon: "alert" };
  }
}

/** Returns what the status means, and where the text is. */
export function explainSaveState({ state, isStored }: Draft): string {
  const stored = isStored ? text.drafts.storedHere : text.drafts.storageFull;
  switch (state.kind) {
    case "saved":
      return text.drafts.explainSaved;
    case "saving":
      return text.drafts.explainSaving(stored);
    case "offline":
      return text.drafts.explainOffline(state.detail, stored);
    case "conflict":
      return text.drafts.explainConflict(stored);
    case "refused":
      return text.drafts.explainRefused(state.detail, stored);
  }
}
