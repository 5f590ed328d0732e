/** Markdown as writers use it, and how it looks. */

import {
  defineLanguageFacet,
  HighlightStyle,
  Language,
  languageDataProp,
  syntaxHighlighting,
} from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { tags } from "@lezer/highlight";
import { type MarkdownConfig, parser, Strikethrough } from "@lezer/markdown";

const data = defineLanguageFacet();

/** An indented paragraph is no code, a name in angle brackets no HTML, and dashes below a line are a scene break. */
const PROSE: MarkdownConfig = {
  remove: ["IndentedCode", "HTMLBlock", "HTMLTag", "LinkReference", "SetextHeading", "Entity"],
  props: [languageDataProp.add({ Document: data })],
};

const LANGUAGE = new Language(data, parser.configure([PROSE, Strikethrough]), [], "prose");

const STYLE = HighlightStyle.define([
  { tag: tags.emphasis, class: "md-emphasis" },
  { tag: tags.strong, class: "md-strong" },
  { tag: tags.strikethrough, class: "md-struck" },
  { tag: tags.monospace, class: "md-code" },
  { tag: tags.link, class: "md-link" },
  { tag: tags.url, class: "md-url" },
  { tag: tags.processingInstruction, class: "md-mark" },
  { tag: tags.contentSeparator, class: "md-mark" },
]);

/** Parses and styles Markdown. */
export function proseMarkdown(): Extension {
  return [LANGUAGE.extension, syntaxHighlighting(STYLE)];
}
