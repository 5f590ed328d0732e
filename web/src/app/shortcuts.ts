/** The keys that work anywhere on the page, and the title of its window. */

import { useEffect } from "react";
import { useForest, useRoute, useStudio } from "../studio/context";
import type { OpenDialog } from "../studio/dialogs";
import { DEAD_LETTERS_ROUTE, PIPELINES_ROUTE, PROCESSORS_ROUTE, RUNS_ROUTE, TRASH_ROUTE } from "../studio/route";
import { text } from "../text";

const HAS_OWN_UNDO = "input:not([type=checkbox], [type=radio]), textarea, [contenteditable], [role=dialog]";

const PAGE_NAMES: Readonly<Record<string, string>> = {
  [TRASH_ROUTE]: text.app.trash,
  [PROCESSORS_ROUTE]: text.registry.title,
  [PIPELINES_ROUTE]: text.pipelines.title,
  [RUNS_ROUTE]: text.runs.title,
  [DEAD_LETTERS_ROUTE]: text.deadLetters.title,
};

/** Ctrl+K opens the command palette. */
export function usePaletteShortcut(openDialog: OpenDialog): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey)
        return;
      event.preventDefault();
      openDialog({ kind: "command-palette" });
    };
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, [openDialog]);
}

/** Ctrl+Z and Ctrl+Shift+Z go over the journal; in a text they stay the text's own, and dialogs have other concerns. */
export function useUndoShortcuts(): void {
  const { undoRedo } = useStudio();
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== "z" || !(event.ctrlKey || event.metaKey) || event.altKey) return;
      if (event.target instanceof Element && event.target.closest(HAS_OWN_UNDO)) return;
      event.preventDefault();
      void (event.shiftKey ? undoRedo.redo() : undoRedo.undo());
    };
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, [undoRedo]);
}

/** The window's title names what is open. */
export function useDocumentTitle(): void {
  const route = useRoute();
  const bucketName = useForest().byId.get(route ?? "")?.name;
  const name = PAGE_NAMES[route ?? ""] ?? bucketName;
  useEffect(() => {
    document.title = name ? text.app.pageTitle(name) : text.general.productName;
    return () => {
      document.title = text.general.productName;
    };
  }, [name]);
}
