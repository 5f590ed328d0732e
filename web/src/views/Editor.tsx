/** Where a note is written: a plain text area, because a note is plain text.
 *
 * A rich editor would have to translate the text into its own document and back on every save, and whatever that round
 * trip does not know (runs of spaces, a line that looks like a heading, a trailing blank line) would change under the
 * writer's hands. A text area gives back exactly what was typed, with the system's own undo, spelling, dictation and
 * input methods. It grows with its text (`field-sizing` in chapter.css) and is left alone by React: its value is
 * written only when the text really comes from elsewhere.
 */

import { type KeyboardEvent, type ReactNode, useEffect, useLayoutEffect, useRef } from "react";

interface EditorProps {
  id: string;
  label: string;
  text: string;
  /** It was just added: the cursor belongs here. */
  isNew: boolean;
  onType: (text: string) => void;
  onExpand: () => void;
}

export function Editor({ id, label, text, isNew, onType, onExpand }: EditorProps): ReactNode {
  const area = useRef<HTMLTextAreaElement>(null);

  useLayoutEffect(() => {
    const shown = area.current;
    if (!shown) return;
    // A text area knows only one kind of line end; what differs in nothing else is not a change.
    if (shown.value !== text.replace(/\r\n?/g, "\n")) replaceAround(shown, text);
    growByHand(shown);
  }, [text]);

  useEffect(() => {
    if (isNew) area.current?.focus();
  }, [isNew]);

  const onKey = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    onExpand();
  };

  return (
    <textarea
      id={id}
      ref={area}
      className="editor prose"
      aria-label={label}
      placeholder="What happens here, in a few sentences…"
      defaultValue={text}
      onChange={(event) => onType(event.target.value)}
      onKeyDown={onKey}
      spellCheck
      rows={4}
    />
  );
}

/** Puts in the new text and leaves the cursor beside the words it stood beside. */
function replaceAround(area: HTMLTextAreaElement, text: string): void {
  const { value: old, selectionStart, selectionEnd } = area;
  let head = 0;
  const shorter = Math.min(old.length, text.length);
  while (head < shorter && old[head] === text[head]) head += 1;
  const moved = (at: number) => (at <= head ? at : Math.max(head, at + text.length - old.length));
  area.value = text;
  if (document.activeElement === area) area.setSelectionRange(moved(selectionStart), moved(selectionEnd));
}

const GROWS = typeof CSS !== "undefined" && CSS.supports("field-sizing", "content");

function growByHand(area: HTMLTextAreaElement): void {
  if (GROWS) return;
  area.style.height = "auto";
  area.style.height = `${area.scrollHeight}px`;
}
