/** Every dialog of the page in one place, outside of the tree and the editor, whose keys it would disturb. */

import type { ReactNode } from "react";
import { Dialog, Modal, ModalOverlay } from "react-aria-components";
import { CompileDialog } from "../features/books/CompileDialog";
import { BlobDialog } from "../features/content/BlobDialog";
import { UnsavedTextsDialog } from "../features/drafts/UnsavedTextsDialog";
import { ConflictDialog } from "../features/editor/ConflictDialog";
import { HistoryDialog } from "../features/history/HistoryDialog";
import { CopyBucketDialog } from "../features/library/dialogs/CopyBucketDialog";
import { CreateBucketDialog } from "../features/library/dialogs/CreateBucketDialog";
import { MoveBucketDialog } from "../features/library/dialogs/MoveBucketDialog";
import { RenameBucketDialog } from "../features/library/dialogs/RenameBucketDialog";
import { PlaceNoteDialog, RestoredNoteDialog } from "../features/placements/PlaceNoteDialog";
import { PlacesDialog } from "../features/placements/PlacesDialog";
import { ReplayDialog } from "../features/processors/deadLetters/ReplayDialog";
import { PipelineDialog } from "../features/processors/pipelines/PipelineDialog";
import { PromptDialog } from "../features/processors/prompts/PromptDialog";
import { InstanceSettingsDialog } from "../features/processors/registry/InstanceSettingsDialog";
import { RemoveProcessorDialog } from "../features/processors/registry/RemoveProcessorDialog";
import { SwitchOnDialog } from "../features/processors/registry/SwitchOnDialog";
import { RunDialog } from "../features/processors/runList/RunDialog";
import { CommandPalette } from "../features/search/CommandPalette";
import { SaveTemplateDialog } from "../features/templates/SaveTemplateDialog";
import { TemplatesDialog } from "../features/templates/TemplatesDialog";
import { PurgeDialog } from "../features/trash/PurgeDialog";
import { RestoreBucketDialog } from "../features/trash/RestoreBucketDialog";
import { TrashBucketDialog } from "../features/trash/TrashBucketDialog";
import { TrashNoteDialog } from "../features/trash/TrashNoteDialog";
import { useStudio } from "../studio/context";
import type { DialogRequest } from "../studio/dialogs";
import { ErrorBoundary } from "../ui/ErrorBoundary";
import { KeyboardDialog } from "./KeyboardDialog";

interface DialogsProps {
  dialog: DialogRequest | null;
  close: () => void;
}

type ProcessingDialog = Extract<
  DialogRequest,
  {
    kind: "switch-on" | "remove-processor" | "instance-settings" | "run" | "compile" | "pipeline" | "prompt" | "replay";
  }
>;

type LibraryDialog = Exclude<DialogRequest, { kind: "templates" | "save-template" | "command-palette" | "keyboard" }>;

const WIDE: ReadonlySet<DialogRequest["kind"]> = new Set([
  "conflict",
  "unsaved-texts",
  "history",
  "replay",
  "blob",
  "prompt",
  "templates",
]);

export function Dialogs({ dialog, close }: DialogsProps): ReactNode {
  const { trash } = useStudio();
  // A note that came back from the trash and is given no place would be nowhere to be seen.
  const dismiss = () => {
    if (dialog?.kind === "restored-note") void trash.trashBlob(dialog.blobId);
    close();
  };
  return (
    <ModalOverlay
      className="overlay"
      isDismissable
      isOpen={dialog !== null}
      onOpenChange={(isOpen) => isOpen || dismiss()}
    >
      <Modal className={dialog && WIDE.has(dialog.kind) ? "modal wide" : "modal"}>
        {dialog && (
          <Dialog className="dialog">
            <ErrorBoundary key={dialog.kind}>{contentOf(dialog, close, dismiss)}</ErrorBoundary>
          </Dialog>
        )}
      </Modal>
    </ModalOverlay>
  );
}

function contentOf(dialog: DialogRequest, close: () => void, dismiss: () => void): ReactNode {
  switch (dialog.kind) {
    case "templates":
      return <TemplatesDialog parentId={dialog.parentId} close={close} />;
    case "save-template":
      return <SaveTemplateDialog id={dialog.id} close={close} />;
    case "command-palette":
      return <CommandPalette close={close} />;
    case "keyboard":
      return <KeyboardDialog close={close} />;
    default:
      return libraryContentOf(dialog, close, dismiss);
  }
}

/** The dialogs of buckets and notes. */
function libraryContentOf(dialog: LibraryDialog, close: () => void, dismiss: () => void): ReactNode {
  switch (dialog.kind) {
    case "create-bucket":
      return <CreateBucketDialog parentId={dialog.parentId} type={dialog.type} close={close} />;
    case "rename-bucket":
      return <RenameBucketDialog id={dialog.id} close={close} />;
    case "move-bucket":
      return <MoveBucketDialog id={dialog.id} close={close} />;
    case "copy-bucket":
      return <CopyBucketDialog id={dialog.id} close={close} />;
    case "trash-bucket":
      return <TrashBucketDialog id={dialog.id} close={close} />;
    case "restore-bucket":
      return <RestoreBucketDialog id={dialog.id} name={dialog.name} close={close} />;
    case "trash-note":
      return <TrashNoteDialog blobId={dialog.blobId} bucketId={dialog.bucketId} close={close} />;
    case "restored-note":
      return <RestoredNoteDialog blobId={dialog.blobId} close={close} dismiss={dismiss} />;
    case "purge":
      return <PurgeDialog item={dialog.item} close={close} />;
    case "place-note":
      return <PlaceNoteDialog blobId={dialog.blobId} close={close} />;
    case "places":
      return <PlacesDialog blobId={dialog.blobId} bucketId={dialog.bucketId} close={close} />;
    case "history":
      return <HistoryDialog blobId={dialog.blobId} close={close} />;
    case "blob":
      return <BlobDialog blobId={dialog.blobId} close={close} key={dialog.blobId} />;
    case "conflict":
      return <ConflictDialog draftKey={dialog.draftKey} close={close} />;
    case "unsaved-texts":
      return <UnsavedTextsDialog close={close} />;
    default:
      return processingContentOf(dialog, close);
  }
}

/** The dialogs of processors, runs and pipelines. */
function processingContentOf(dialog: ProcessingDialog, close: () => void): ReactNode {
  switch (dialog.kind) {
    case "switch-on":
      return <SwitchOnDialog processor={dialog.processor} close={close} />;
    case "remove-processor":
      return <RemoveProcessorDialog processor={dialog.processor} close={close} />;
    case "instance-settings":
      return <InstanceSettingsDialog processor={dialog.processor} instance={dialog.instance} close={close} />;
    case "run":
      return <RunDialog source={dialog.source} processorId={dialog.processorId} close={close} />;
    case "compile":
      return <CompileDialog bucketId={dialog.bucketId} close={close} key={dialog.bucketId} />;
    case "pipeline":
      return <PipelineDialog pipeline={dialog.pipeline} close={close} />;
    case "prompt":
      return <PromptDialog runId={dialog.runId} close={close} key={dialog.runId} />;
    case "replay":
      return <ReplayDialog letter={dialog.letter} close={close} />;
  }
}
