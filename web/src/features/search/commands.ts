/** The commands of the palette: those about the open bucket first, then those that work anywhere. */

import { useForest, useRoute, useStudio } from "../../studio/context";
import { type DialogRequest, type OpenDialog, useOpenDialog } from "../../studio/dialogs";
import type { Theme } from "../../studio/preferences";
import { DEAD_LETTERS_ROUTE, PROCESSORS_ROUTE, RUNS_ROUTE, TRASH_ROUTE } from "../../studio/route";
import type { Studio } from "../../studio/studio";
import { text } from "../../text";
import type { IconName } from "../../ui/Icon";
import type { Branch } from "../library/forest";

const NEXT_THEME: Record<Theme, Theme> = {
  system: "dark",
  dark: "light",
  light: "sepia",
  sepia: "contrast",
  contrast: "system",
};

export interface Command {
  id: string;
  name: string;
  icon: IconName;
  keys?: string;
  run: () => void;
}

export function useCommands(close: () => void): Command[] {
  const studio = useStudio();
  const openDialog = useOpenDialog();
  const branch = useForest().byId.get(useRoute() ?? "");
  const context = { studio, openDialog, close };
  return [...(branch ? bucketCommands(branch, context) : []), ...generalCommands(context)];
}

interface CommandContext {
  studio: Studio;
  openDialog: OpenDialog;
  close: () => void;
}

function bucketCommands({ id, name }: Branch, { studio, openDialog, close }: CommandContext): Command[] {
  const opening = (dialog: DialogRequest) => () => openDialog(dialog);
  const addNote = () => {
    close();
    studio.drafts.startNote(id);
  };
  return [
    { id: "note", name: text.search.addNoteTo(name), icon: "page", run: addNote },
    {
      id: "inside",
      name: text.search.newBucketIn(name),
      icon: "plus",
      keys: "Ins",
      run: opening({ kind: "create-bucket", parentId: id }),
    },
    {
      id: "rename",
      name: text.search.rename(name),
      icon: "page",
      keys: "F2",
      run: opening({ kind: "rename-bucket", id }),
    },
    { id: "move", name: text.search.move(name), icon: "folder", run: opening({ kind: "move-bucket", id }) },
    { id: "copy", name: text.search.copy(name), icon: "folder", run: opening({ kind: "copy-bucket", id }) },
    {
      id: "save-template",
      name: text.templates.saveNameAs(name),
      icon: "folder",
      run: opening({ kind: "save-template", id }),
    },
    {
      id: "compile",
      name: text.books.compileName(name),
      icon: "book",
      run: opening({ kind: "compile", bucketId: id }),
    },
    {
      id: "run-here",
      name: text.search.runOn(name),
      icon: "spark",
      run: opening({ kind: "run", source: { kind: "bucket", bucketId: id } }),
    },
    {
      id: "trash-here",
      name: text.search.moveToTrash(name),
      icon: "trash",
      run: opening({ kind: "trash-bucket", id }),
    },
  ];
}

function generalCommands({ studio, openDialog, close }: CommandContext): Command[] {
  const opening = (dialog: DialogRequest) => () => openDialog(dialog);
  const closing = (run: () => void) => () => {
    close();
    run();
  };
  const { undoRedo, route, theme } = studio;
  const going = (target: string) => closing(() => route.go(target));
  const newBook = opening({ kind: "create-bucket", parentId: null, type: "book" });
  const newBucket = opening({ kind: "create-bucket", parentId: null });
  return [
    { id: "book", name: text.search.newBook, icon: "book", run: newBook },
    { id: "bucket", name: text.search.newBucketAtTop, icon: "plus", run: newBucket },
    {
      id: "templates",
      name: text.templates.beginAsking,
      icon: "spark",
      run: opening({ kind: "templates", parentId: null }),
    },
    { id: "undo", name: text.general.undo, icon: "undo", keys: "Ctrl Z", run: closing(() => void undoRedo.undo()) },
    {
      id: "redo",
      name: text.general.redo,
      icon: "redo",
      keys: "Ctrl Shift Z",
      run: closing(() => void undoRedo.redo()),
    },
    { id: "processors", name: text.search.openProcessors, icon: "processor", run: going(PROCESSORS_ROUTE) },
    { id: "runs", name: text.search.openRuns, icon: "processor", run: going(RUNS_ROUTE) },
    { id: "dead-letters", name: text.search.openDeadLetters, icon: "alert", run: going(DEAD_LETTERS_ROUTE) },
    { id: "trash", name: text.search.openTrash, icon: "trash", run: going(TRASH_ROUTE) },
    {
      id: "theme",
      name: text.search.changeTheme,
      icon: "spark",
      run: () => theme.set((now) => NEXT_THEME[now]),
    },
    { id: "unsaved", name: text.search.unsavedTexts, icon: "page", run: opening({ kind: "unsaved-texts" }) },
    { id: "keys", name: text.search.keyboard, icon: "search", run: opening({ kind: "keyboard" }) },
  ];
}
