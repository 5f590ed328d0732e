/** The editors of a chapter as one manuscript: the cursor goes from the end of one into the next. */

import { EditorView } from "@codemirror/view";

/** Puts the cursor at the near end of the editor before (-1) or after (1) this one; false when there is none. */
export function focusNeighbour(id: string, direction: -1 | 1): boolean {
  const manuscript = document.getElementById(id)?.closest(".notes");
  if (!manuscript) return false;
  const all = [...manuscript.querySelectorAll<HTMLElement>(".note .cm-content")];
  const next = all[all.findIndex((content) => content.id === id) + direction];
  const view = next && EditorView.findFromDOM(next);
  if (!view) return false;
  view.focus();
  view.dispatch({ selection: { anchor: direction > 0 ? 0 : view.state.doc.length }, scrollIntoView: true });
  return true;
}
