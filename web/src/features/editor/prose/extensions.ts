/** The extensions that make a prose editor, and which of them can be switched while it is open. */

import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { Compartment, EditorState, type Extension } from "@codemirror/state";
import { drawSelection, dropCursor, EditorView, highlightSpecialChars, keymap, placeholder } from "@codemirror/view";
import type { WritingPreferences } from "../../../studio/writingPreferences";
import { focusMode, typewriterScrolling } from "./focus";
import { liveMarks } from "./liveMarks";
import { proseMarkdown } from "./markdown";
import { type ProseKeys, proseKeys, smartTyping } from "./typing";

export interface ProseOptions extends ProseKeys {
  id: string;
  label: string;
  placeholder: string;
  preferences: WritingPreferences;
  onChange(text: string): void;
}

/** What can be switched while the editor is open. */
export class SwitchableExtensions {
  #compartment = new Compartment();

  of(preferences: WritingPreferences): Extension {
    return this.#compartment.of(switchable(preferences));
  }

  reconfigure(view: EditorView, preferences: WritingPreferences): void {
    view.dispatch({ effects: this.#compartment.reconfigure(switchable(preferences)) });
  }
}

function switchable({ isFocused, isTypewriter, isSmart, isSpellChecked, language }: WritingPreferences): Extension {
  return [
    isFocused ? focusMode() : [],
    isTypewriter ? typewriterScrolling() : [],
    isSmart ? smartTyping(language) : [],
    EditorView.contentAttributes.of({
      lang: language,
      spellcheck: String(isSpellChecked),
      autocorrect: isSpellChecked ? "on" : "off",
      autocapitalize: "sentences",
    }),
  ];
}

/** The text is kept as it is, to the last character: a line ends with a line feed, and everything else is text. */
export function losslessLines(): Extension {
  return [
    EditorState.lineSeparator.of("\n"),
    EditorView.clipboardInputFilter.of((pasted) => pasted.replace(/\r\n?/g, "\n")),
  ];
}

export function proseExtensions(options: ProseOptions, switches: SwitchableExtensions): Extension {
  return [
    losslessLines(),
    history(),
    proseKeys(options),
    keymap.of([...historyKeymap, ...defaultKeymap]),
    drawSelection(),
    dropCursor(),
    highlightSpecialChars(),
    EditorView.lineWrapping,
    EditorView.perLineTextDirection.of(true),
    proseMarkdown(),
    liveMarks,
    placeholder(options.placeholder),
    EditorView.contentAttributes.of({ id: options.id, "aria-label": options.label, class: "prose" }),
    switches.of(options.preferences),
    EditorView.updateListener.of((update) => {
      if (update.docChanged) options.onChange(update.state.doc.toString());
    }),
  ];
}
