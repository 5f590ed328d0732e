/** A part of the page on which files can be dropped; while some are above it, it says what would become of them. */

import { type ReactNode, useEffect, useRef, useState } from "react";
import { useStudio } from "../../studio/context";
import { text } from "../../text";
import { Icon } from "../../ui/Icon";

interface FileDropProps {
  bucketId: string;
  children: ReactNode;
}

export function FileDrop({ bucketId, children }: FileDropProps): ReactNode {
  const { notices, uploads } = useStudio();
  const element = useRef<HTMLDivElement>(null);
  const drop = (transfer: DataTransfer) => {
    const { files, hasFolders } = filesOf(transfer);
    if (hasFolders) notices.notify(text.files.noFolders);
    uploads.add(bucketId, files);
  };
  const isAbove = useFilesAbove(element, drop);
  return (
    <div className="file-drop" ref={element} data-above={isAbove || undefined}>
      {children}
      {isAbove && (
        <p className="file-drop-hint" role="status">
          <Icon name="upload" /> {text.files.dropHere}
        </p>
      )}
    </div>
  );
}

/** Returns true while files are dragged above the element; what is dropped is handed on. Text that is dragged is none of
 * its business. */
function useFilesAbove(element: { current: HTMLElement | null }, onDrop: (transfer: DataTransfer) => void): boolean {
  const [isAbove, setAbove] = useState(false);
  const handler = useRef(onDrop);
  handler.current = onDrop;
  useEffect(() => {
    const target = element.current;
    if (!target) return;
    const controller = new AbortController();
    const listen = (type: "dragover" | "dragleave" | "drop", react: (event: DragEvent, files: DataTransfer) => void) =>
      target.addEventListener(
        type,
        (event) => {
          const { dataTransfer } = event;
          if (dataTransfer?.types.includes("Files")) react(event, dataTransfer);
        },
        { signal: controller.signal },
      );
    listen("dragover", (event, transfer) => {
      event.preventDefault();
      transfer.dropEffect = "copy";
      setAbove(true);
    });
    listen("dragleave", ({ relatedTarget }) => {
      if (!(relatedTarget instanceof Node && target.contains(relatedTarget))) setAbove(false);
    });
    listen("drop", (event, transfer) => {
      event.preventDefault();
      setAbove(false);
      handler.current(transfer);
    });
    return () => controller.abort();
  }, [element]);
  return isAbove;
}

function filesOf(transfer: DataTransfer): { files: File[]; hasFolders: boolean } {
  const folders = new Set(
    [...transfer.items].flatMap((item) => {
      const entry = item.webkitGetAsEntry?.();
      return entry?.isDirectory ? [entry.name] : [];
    }),
  );
  return {
    files: [...transfer.files].filter(({ name, type }) => type !== "" || !folders.has(name)),
    hasFolders: folders.size > 0,
  };
}
