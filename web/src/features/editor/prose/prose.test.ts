import { history, redo, undo } from "@codemirror/commands";
import { syntaxTree } from "@codemirror/language";
import { EditorState } from "@codemirror/state";
import { expect, test } from "vitest";
import { losslessLines } from "./extensions";
import { proseMarkdown } from "./markdown";
import { changeFromElsewhere } from "./minimalChanges";

function open(doc: string): EditorState {
  return EditorState.create({ doc, extensions: [losslessLines(), history(), proseMarkdown()] });
}

test("every text comes back as it was, to the last character", () => {
  const texts = [
    "",
    " ",
    "a\r\nb\rc\n\n",
    "\t# no heading \\u00a0\u2028\u0000\ud83d",
    "* * *\n    indented\n<b>&amp;",
    "x  \n\n\n",
  ];
  for (const text of texts) expect(open(text).doc.toString()).toBe(text);
});

test("undo takes back what was written here, and leaves what came from elsewhere", () => {
  let state = open("The ship sailed.\n\nThe end.");
  state = state.update({ changes: { from: 4, insert: "old " } }).state;
  state = state.update(
    changeFromElsewhere(state.doc.toString(), "The old ship sailed.\n\nIn the morning. The end."),
  ).state;
  const run = (command: typeof undo) =>
    command({
      state,
      dispatch: (transaction) => {
        state = transaction.state;
      },
    });
  run(undo);
  expect(state.doc.toString()).toBe("The ship sailed.\n\nIn the morning. The end.");
  run(redo);
  expect(state.doc.toString()).toBe("The old ship sailed.\n\nIn the morning. The end.");
});

test("a change from elsewhere leaves the cursor beside its word", () => {
  let state = EditorState.create({ doc: "The ship sailed.", selection: { anchor: 8 } });
  state = state.update(changeFromElsewhere("The ship sailed.", "Once the ship sailed away.")).state;
  expect(state.sliceDoc(0, state.selection.main.head)).toBe("Once the ship");
});

test("an indented paragraph, a name in brackets and dashes below a line are no code, HTML or heading", () => {
  const state = open("    Indented.\n\n<Marta>\n\nA line\n---\n\n# A heading\n\n*so*");
  const names = new Set<string>();
  syntaxTree(state).iterate({ enter: ({ name }) => void names.add(name) });
  expect([...names].filter((name) => /Code|HTML|Setext/.test(name))).toEqual([]);
  expect([...names]).toEqual(expect.arrayContaining(["HorizontalRule", "ATXHeading1", "Emphasis"]));
});
