/** Selects a range of the text in an editor that may have to open first. */

import { EditorView } from "@codemirror/view";

const MAX_FRAMES = 60; // in which the editor must have opened

interface TextRange {
  from: number;
  to: number;
}

/** Scrolls the row into view, and selects the range as soon as the editor is there. The focus stays where it is. */
export function selectInEditor(id: string, row: Element | null, range: TextRange, frames = MAX_FRAMES): void {
  const content = document.getElementById(id);
  const view = content && EditorView.findFromDOM(content);
  if (!view) {
    row?.scrollIntoView({ block: "center" });
    if (frames > 0) requestAnimationFrame(() => selectInEditor(id, row, range, frames - 1));
    return;
  }
  const end = view.state.doc.length;
  view.dispatch({
    selection: { anchor: Math.min(range.from, end), head: Math.min(range.to, end) },
    effects: EditorView.scrollIntoView(Math.min(range.from, end), { y: "center" }),
  });
}
