/** The dialogs of the page, and the hook that opens one from anywhere. */

import { createContext, useContext } from "react";
import type { DeadLetter, Instance, Pipeline, Processor, TrashItem } from "../api/types";

/** What to run a processor on: blobs of one schema, a bucket, or a bucket that is still to be chosen. */
export type RunSource =
  | { kind: "blobs"; blobIds: readonly string[]; schemaId: string }
  | { kind: "bucket"; bucketId: string | null };

/** Which dialog to open, and what it is about. */
export type DialogRequest =
  | { kind: "create-bucket"; parentId: string | null; type?: string }
  | { kind: "templates" /** The bucket to begin in; null for the top. */; parentId: string | null }
  | { kind: "save-template"; id: string }
  | { kind: "rename-bucket"; id: string }
  | { kind: "move-bucket"; id: string }
  | { kind: "copy-bucket"; id: string }
  | { kind: "trash-bucket"; id: string }
  | { kind: "restore-bucket"; id: string; name: string }
  | { kind: "trash-note"; blobId: string; bucketId: string }
  | { kind: "restored-note"; blobId: string }
  | { kind: "purge"; item: TrashItem | null }
  | { kind: "place-note"; blobId: string }
  | { kind: "places"; blobId: string; bucketId: string }
  | { kind: "history"; blobId: string }
  | { kind: "switch-on"; processor: Processor }
  | { kind: "remove-processor"; processor: Processor }
  | { kind: "instance-settings"; processor: Processor; instance: Instance }
  | { kind: "run"; source: RunSource /** Or that of a pipeline. */; processorId?: string }
  | { kind: "compile"; bucketId: string }
  | { kind: "pipeline"; pipeline: Pipeline | null }
  | { kind: "prompt"; runId: string }
  | { kind: "replay"; letter: DeadLetter }
  | { kind: "blob"; blobId: string }
  | { kind: "conflict"; draftKey: string }
  | { kind: "unsaved-texts" }
  | { kind: "command-palette" }
  | { kind: "keyboard" };

/** Opens a dialog in place of the present one; null closes it. */
export type OpenDialog = (dialog: DialogRequest | null) => void;

export const DialogContext = createContext<OpenDialog>(() => undefined);

export function useOpenDialog(): OpenDialog {
  return useContext(DialogContext);
}
