import { expect, test } from "vitest";
import { buildContent } from "./contentModel";

const SCHEMA = {
  properties: {
    tone: { title: "The tone", type: "string" },
    summary: { type: "string" },
    metrics: { properties: { reading_ease: { type: "number" } } },
    frequent_words: { items: { $ref: "#/$defs/Word" } },
  },
  $defs: { Word: { properties: { word: { title: "Word" }, count: {} } } },
};

test("short values stand together, long ones are prose, in the order of the schema", () => {
  const summary = "It is calm at first, and then the storm comes and nobody has checked the pumps.";
  expect(buildContent(SCHEMA, { summary, metrics: { reading_ease: 71.25 }, tone: "calm", extra: true })).toEqual([
    {
      kind: "facts",
      facts: [
        { name: "The tone", value: "calm" },
        { name: "Extra", value: "yes" },
      ],
    },
    { kind: "prose", heading: "Summary", text: summary },
    {
      kind: "section",
      heading: "Metrics",
      parts: [{ kind: "facts", facts: [{ name: "Reading ease", value: "71.25" }] }],
    },
  ]);
});

test("items with the same few values are a table, others have their names for headings", () => {
  const data = {
    frequent_words: [
      { word: "ship", count: 3 },
      { word: "storm", count: 2 },
    ],
    chapters: [{ title: "One", text: "a\nb" }, { text: "c\nd" }],
  };
  expect(buildContent(SCHEMA, data)).toEqual([
    {
      kind: "table",
      heading: "Frequent words",
      columns: ["Word", "Count"],
      rows: [
        ["ship", "3"],
        ["storm", "2"],
      ],
      hidden: 0,
    },
    {
      kind: "section",
      heading: "Chapters",
      parts: [
        { kind: "section", heading: "One", parts: [{ kind: "prose", heading: "Text", text: "a\nb" }] },
        { kind: "section", heading: "2", parts: [{ kind: "prose", heading: "Text", text: "c\nd" }] },
      ],
    },
  ]);
});

test("a long list ends with how many more there are, and data without a schema is shown too", () => {
  const [list] = buildContent(undefined, { names: Array.from({ length: 205 }, (_, index) => `name ${index}`) });
  expect(list).toMatchObject({ kind: "list", heading: "Names", hidden: 5 });
  expect(buildContent(undefined, { nothing: null, empty: [] })).toEqual([]);
  expect(buildContent(undefined, "only a text")).toEqual([{ kind: "prose", heading: null, text: "only a text" }]);
});
