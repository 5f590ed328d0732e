/** Live styling: headings, quotes and scene breaks look as they will, and marks are hidden outside of the cursor's line. */

import { syntaxTree } from "@codemirror/language";
import type { EditorState, Range } from "@codemirror/state";
import {
  Decoration,
  type DecorationSet,
  type EditorView,
  ViewPlugin,
  type ViewUpdate,
  WidgetType,
} from "@codemirror/view";
import type { SyntaxNode, SyntaxNodeRef } from "@lezer/common";

class SceneBreakWidget extends WidgetType {
  toDOM(): HTMLElement {
    const element = document.createElement("span");
    element.className = "scene-break";
    element.textContent = "⁂";
    return element;
  }

  override eq(): boolean {
    return true;
  }
}

const HIDDEN = Decoration.replace({});
const SCENE_BREAK = Decoration.replace({ widget: new SceneBreakWidget() });
const OWN_DIRECTION = Decoration.line({ attributes: { dir: "auto" } });
const SCENE_BREAK_LINE = Decoration.line({ class: "md-scene-break" });
const QUOTE_LINE = Decoration.line({ class: "md-quote" });
const LIST_LINE = Decoration.line({ class: "md-list" });
const HEADING_LINES = [1, 2, 3, 4, 5, 6].map((level) => Decoration.line({ class: `md-heading md-heading-${level}` }));

const INLINE_MARKS = new Set(["EmphasisMark", "StrikethroughMark", "CodeMark", "LinkMark"]);
const LINE_MARKS = new Set(["HeaderMark", "QuoteMark"]);

/** Returns the numbers of the lines that have a cursor or a part of the selection. */
function activeLines(view: EditorView): ReadonlySet<number> {
  const lines = new Set<number>();
  if (!view.hasFocus) return lines;
  const { doc, selection } = view.state;
  for (const { from, to } of selection.ranges) {
    for (let line = doc.lineAt(from).number; line <= doc.lineAt(to).number; line += 1) lines.add(line);
  }
  return lines;
}

function decorate(view: EditorView): DecorationSet {
  const active = activeLines(view);
  const found: Range<Decoration>[] = [];
  for (const { from, to } of view.visibleRanges) {
    for (let at = from; at <= to; ) {
      const line = view.state.doc.lineAt(at);
      found.push(OWN_DIRECTION.range(line.from));
      at = line.to + 1;
    }
    syntaxTree(view.state).iterate({ from, to, enter: (node) => decorateNode(view.state, active, node, found) });
  }
  return Decoration.set(found, true);
}

function decorateNode(
  state: EditorState,
  active: ReadonlySet<number>,
  node: SyntaxNodeRef,
  found: Range<Decoration>[],
): void {
  const line = state.doc.lineAt(node.from);
  const heading = /^ATXHeading(\d)$/.exec(node.name);
  if (heading) found.push((HEADING_LINES[Number(heading[1]) - 1] ?? QUOTE_LINE).range(line.from));
  if (node.name === "Blockquote") addLines(state, node, QUOTE_LINE, found);
  if (node.name === "ListItem") addLines(state, node, LIST_LINE, found);
  if (node.name === "HorizontalRule") {
    found.push(SCENE_BREAK_LINE.range(line.from));
    if (!active.has(line.number)) found.push(SCENE_BREAK.range(node.from, node.to));
  }
  if (active.has(line.number)) return;
  const hidden = hiddenRange(state, node, line.to);
  if (hidden) found.push(HIDDEN.range(hidden.from, hidden.to));
}

function addLines(state: EditorState, node: SyntaxNodeRef, decoration: Decoration, found: Range<Decoration>[]): void {
  const last = state.doc.lineAt(node.to).number;
  for (let line = state.doc.lineAt(node.from).number; line <= last; line += 1) {
    found.push(decoration.range(state.doc.line(line).from));
  }
}

function hiddenRange(state: EditorState, node: SyntaxNodeRef, lineEnd: number): { from: number; to: number } | null {
  if (LINE_MARKS.has(node.name)) {
    const space = node.to < lineEnd && state.sliceDoc(node.to, node.to + 1) === " " ? 1 : 0;
    return { from: node.from, to: node.to + space };
  }
  const { parent } = node.node;
  if (node.name === "URL") return isLinkWithAddress(parent) ? { from: node.from, to: node.to } : null;
  if (!INLINE_MARKS.has(node.name) || parent?.name === "FencedCode") return null;
  if (node.name === "LinkMark" && !isLinkWithAddress(parent)) return null;
  return { from: node.from, to: node.to };
}

/** `[in brackets]` alone is what it says; `[a link](to somewhere)` has an address. */
function isLinkWithAddress(node: SyntaxNode | null): boolean {
  return node?.name === "Link" && node.getChild("URL") !== null;
}

/** The plugin that draws all of this for what is on the screen. */
export const liveMarks = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet;

    constructor(view: EditorView) {
      this.decorations = decorate(view);
    }

    update(update: ViewUpdate): void {
      const isParsed = syntaxTree(update.startState) !== syntaxTree(update.state);
      if (update.docChanged || update.viewportChanged || update.selectionSet || update.focusChanged || isParsed) {
        this.decorations = decorate(update.view);
      }
    }
  },
  { decorations: (plugin) => plugin.decorations },
);
