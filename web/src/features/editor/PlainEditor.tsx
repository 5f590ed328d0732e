/** A text area for a note: what there is before the editor of prose has been loaded, and where it cannot be.
 *
 * It grows with its text (`field-sizing` in editor.css) and is left alone by React: its value is written only when the
 * text really comes from elsewhere.
 */

import { type KeyboardEvent, type ReactNode, useEffect, useLayoutEffect, useRef } from "react";
import { graphemeBoundaryBefore } from "../../language/segmentation";
import { text as words } from "../../text";
import type { EditorViewProps } from "./editorProps";

export function PlainEditor({ id, label, text, isNew, cursor, onChange, onExpand }: EditorViewProps): ReactNode {
  const area = useRef<HTMLTextAreaElement>(null);

  useLayoutEffect(() => {
    const element = area.current;
    if (!element) return;
    // A text area knows only one kind of line end; what differs in nothing else is not a change.
    if (element.value !== text.replace(/\r\n?/g, "\n")) replaceText(element, text);
    growToContent(element);
  }, [text]);

  useEffect(() => {
    if (isNew) area.current?.focus();
  }, [isNew]);

  useLayoutEffect(() => {
    const element = area.current;
    return () => {
      if (element && document.activeElement === element) cursor.current = element.selectionStart;
    };
  }, [cursor]);

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    onExpand();
  };

  return (
    <textarea
      id={id}
      ref={area}
      className="editor prose"
      dir="auto"
      aria-label={label}
      placeholder={words.notes.placeholder}
      defaultValue={text}
      onChange={(event) => onChange(event.target.value)}
      onKeyDown={onKeyDown}
      spellCheck
      rows={4}
    />
  );
}

/** Replaces the text and leaves the cursor beside the words it stood beside. */
function replaceText(area: HTMLTextAreaElement, text: string): void {
  const { value: old, selectionStart, selectionEnd } = area;
  let head = 0;
  const shorter = Math.min(old.length, text.length);
  while (head < shorter && old[head] === text[head]) head += 1;
  head = graphemeBoundaryBefore(old, head);
  const moved = (at: number) =>
    at <= head ? at : graphemeBoundaryBefore(text, Math.max(head, at + text.length - old.length));
  area.value = text;
  if (document.activeElement === area) area.setSelectionRange(moved(selectionStart), moved(selectionEnd));
}

const GROWS_BY_CSS = typeof CSS !== "undefined" && CSS.supports("field-sizing", "content");

function growToContent(area: HTMLTextAreaElement): void {
  if (GROWS_BY_CSS) return;
  area.style.height = "auto";
  area.style.height = `${area.scrollHeight}px`;
}
