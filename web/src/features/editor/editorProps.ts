/** What an editor of a note receives, and the element by which it is found. */

import type { RefObject } from "react";

export interface EditorProps {
  id: string;
  label: string;
  text: string;
  /** It was just added: the cursor belongs here. */
  isNew: boolean;
  onChange: (text: string) => void;
  onExpand: () => void;
}

/** What one kind of editor leaves to the next: the cursor's position, or null while it is elsewhere. */
export interface EditorViewProps extends EditorProps {
  cursor: RefObject<number | null>;
}

/** The id of the element of a draft that takes the focus. */
export const editorId = (draftKey: string) => `text-${draftKey}`;
