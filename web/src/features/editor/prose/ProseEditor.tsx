/** The editor of prose: Markdown styled while it is written, in a text that stays what it is. */

import { EditorState } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { type ReactNode, type RefObject, useEffect, useLayoutEffect, useRef } from "react";
import { useStudio } from "../../../studio/context";
import { text as words } from "../../../text";
import { useStore } from "../../../ui/store";
import type { EditorViewProps } from "../editorProps";
import { proseExtensions, SwitchableExtensions } from "./extensions";
import { changeFromElsewhere } from "./minimalChanges";
import { focusNeighbour } from "./neighbours";

export default function ProseEditor(props: EditorViewProps): ReactNode {
  const { isNew, cursor } = props;
  const element = useRef<HTMLDivElement>(null);
  const view = useEditorView(props, element);
  useEffect(() => {
    const at = cursor.current ?? (isNew ? 0 : null);
    if (!view.current || at === null) return;
    cursor.current = null;
    view.current.dispatch({ selection: { anchor: Math.min(at, view.current.state.doc.length) } });
    view.current.focus();
  }, [isNew, cursor, view]);
  return <div className="prose-editor" ref={element} />;
}

/** Creates the view in the element, and keeps its text and its preferences up to date. */
function useEditorView(
  props: EditorViewProps,
  element: RefObject<HTMLDivElement | null>,
): RefObject<EditorView | null> {
  const { id, label, text } = props;
  const { writing } = useStudio();
  const preferences = useStore(writing, (value) => value);
  const view = useRef<EditorView | null>(null);
  const switches = useRef(new SwitchableExtensions());
  const newest = useRef(props);
  newest.current = props;
  const shown = useRef(text);

  useLayoutEffect(() => {
    if (!element.current) return;
    shown.current = newest.current.text;
    const options = {
      id,
      label,
      placeholder: words.notes.placeholder,
      preferences: writing.get(),
      onChange: (changed: string) => {
        shown.current = changed;
        newest.current.onChange(changed);
      },
      expand: () => newest.current.onExpand(),
      leave: (direction: -1 | 1) => focusNeighbour(id, direction),
    };
    const state = EditorState.create({ doc: shown.current, extensions: proseExtensions(options, switches.current) });
    const editor = new EditorView({ state, parent: element.current });
    view.current = editor;
    return () => {
      view.current = null;
      editor.destroy();
    };
  }, [id, label, writing, element]);

  useLayoutEffect(() => {
    // What was typed here comes back as it is; only what comes from elsewhere is a change.
    if (view.current && shown.current !== text) view.current.dispatch(changeFromElsewhere(shown.current, text));
  }, [text]);

  useEffect(() => {
    if (view.current) switches.current.reconfigure(view.current, preferences);
  }, [preferences]);

  return view;
}
