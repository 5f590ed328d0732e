/** Focus mode, which dims all but the cursor's paragraph, and typewriter scrolling, which keeps its line in the middle. */

import { EditorState, type Extension } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView, ViewPlugin, type ViewUpdate } from "@codemirror/view";

const CURRENT_LINE = Decoration.line({ class: "md-current" });

function currentLines(view: EditorView): DecorationSet {
  const { doc, selection } = view.state;
  const [first, last] = [doc.lineAt(selection.main.from).number, doc.lineAt(selection.main.to).number];
  const lines = Array.from({ length: last - first + 1 }, (_, index) => doc.line(first + index));
  return Decoration.set(lines.map((line) => CURRENT_LINE.range(line.from)));
}

const currentParagraph = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet;

    constructor(view: EditorView) {
      this.decorations = currentLines(view);
    }

    update(update: ViewUpdate): void {
      if (update.docChanged || update.selectionSet) this.decorations = currentLines(update.view);
    }
  },
  { decorations: (plugin) => plugin.decorations },
);

/** Marks the cursor's paragraph; the others are dimmed by the style sheet. */
export function focusMode(): Extension {
  return [currentParagraph, EditorView.editorAttributes.of({ class: "focus-mode" })];
}

/** Scrolls with the keyboard alone: whoever points at a place does not want it to move. */
export function typewriterScrolling(): Extension {
  return EditorState.transactionExtender.of((transaction) => {
    const isTyped = transaction.isUserEvent("input") || transaction.isUserEvent("delete");
    const isMoved = transaction.isUserEvent("select") && !transaction.isUserEvent("select.pointer");
    if (!isTyped && !isMoved) return null;
    return { effects: EditorView.scrollIntoView(transaction.newSelection.main.head, { y: "center" }) };
  });
}
