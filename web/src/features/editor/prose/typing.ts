/** Keys and input of the prose editor: typographic marks, emphasis, and ways out of the text. */

import { isolateHistory, redo, undo } from "@codemirror/commands";
import { EditorSelection, type Extension, Prec } from "@codemirror/state";
import { EditorView, type KeyBinding, keymap } from "@codemirror/view";
import { smartInput } from "../../../language/typography";

/** Sets typographic marks while they are typed; the first undo gives back what the keyboard said. */
export function smartTyping(language: string): Extension {
  return EditorView.inputHandler.of((view, from, to, typed) => {
    if (view.composing || view.state.readOnly || typed.length !== 1) return false;
    const line = view.state.doc.lineAt(from);
    const smart = smartInput(view.state.sliceDoc(line.from, from), typed, language);
    if (!smart) return false;
    view.dispatch({
      changes: { from, to, insert: typed },
      selection: { anchor: from + typed.length },
      userEvent: "input.type",
    });
    const start = from - smart.remove;
    view.dispatch({
      changes: { from: start, to: from + typed.length, insert: smart.insert },
      selection: { anchor: start + smart.insert.length },
      userEvent: "input.type",
      annotations: isolateHistory.of("full"),
      scrollIntoView: true,
    });
    return true;
  });
}

/** Puts these marks around each selection, or takes them away where they are. */
function toggleMarks(mark: string) {
  return (view: EditorView): boolean => {
    const change = view.state.changeByRange((range) => {
      const [from, to] = [range.from - mark.length, range.to + mark.length];
      const isMarked =
        from >= 0 && view.state.sliceDoc(from, range.from) === mark && view.state.sliceDoc(range.to, to) === mark;
      if (isMarked) {
        return {
          changes: [
            { from, to: range.from },
            { from: range.to, to },
          ],
          range: EditorSelection.range(from, range.to - mark.length),
        };
      }
      return {
        changes: [
          { from: range.from, insert: mark },
          { from: range.to, insert: mark },
        ],
        range: EditorSelection.range(range.anchor + mark.length, range.head + mark.length),
      };
    });
    view.dispatch(view.state.update(change, { userEvent: "input", scrollIntoView: true }));
    return true;
  };
}

export interface ProseKeys {
  expand(): void;
  /** The cursor goes out of the text at its start (-1) or end (1). */
  leave(direction: -1 | 1): boolean;
}

/** The keys of prose; Tab stays with the page, so that the keyboard finds its way out. */
export function proseKeys({ expand, leave }: ProseKeys): Extension {
  const leaveAt = (direction: -1 | 1) => (view: EditorView) => {
    const { main } = view.state.selection;
    if (!main.empty) return false;
    const next = view.moveVertically(main, direction > 0);
    const isAtEdge = next.head === main.head || next.head === (direction > 0 ? view.state.doc.length : 0);
    const isOnEdgeLine =
      Math.abs((view.coordsAtPos(next.head)?.top ?? 0) - (view.coordsAtPos(main.head)?.top ?? 0)) < 2;
    return isAtEdge && isOnEdgeLine && leave(direction);
  };
  const bindings: KeyBinding[] = [
    {
      key: "Mod-Enter",
      run: () => {
        expand();
        return true;
      },
    },
    { key: "Mod-b", run: toggleMarks("**") },
    { key: "Mod-i", run: toggleMarks("*") },
    { key: "Mod-z", run: undo, preventDefault: true },
    { key: "Mod-Shift-z", run: redo, preventDefault: true },
    { key: "ArrowUp", run: leaveAt(-1) },
    { key: "ArrowDown", run: leaveAt(1) },
  ];
  return Prec.high(keymap.of(bindings));
}
