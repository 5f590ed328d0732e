// @vitest-environment jsdom
import { screen, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { sampleBlob } from "../../../api/samples.fixture";
import { createTestStudio } from "../../../testing/studio.fixture";
import { BlobContent } from "../BlobContent";

const COUNT = { kind: "passive", count: 25, listed: 1, per_thousand_words: 4.2 };
const FINDING = { kind: "passive", start: 9, end: 16, quote: "was lit", message: "Passive: who does it?" };

function showAnalysis(data: Record<string, unknown>) {
  const all = { metrics: { words: 1200, sentences: 80 }, findings: [], finding_counts: [], ...data };
  const studio = createTestStudio();
  studio.show(<BlobContent blob={sampleBlob({ schema_id: "style-analysis-v1", data: all })} />);
  return studio;
}

test("numbers are shown in words", () => {
  showAnalysis({
    metrics: { words: 1200, sentences: 80, reading_ease: 71.4, dialogue_share: 0.254, sentiment: -0.4 },
    voice: "third person, past tense",
    readability: [{ formula: "gunning_fog", name: "Gunning fog", scale: "grade", value: 8.13 }],
  });
  expect(screen.getByText("1,200 words")).toBeTruthy();
  expect(screen.getByText("71, plain")).toBeTruthy();
  expect(screen.getByText("25 %")).toBeTruthy();
  expect(screen.getByText("-0.4, mostly negative")).toBeTruthy();
  expect(screen.getByText("third person, past tense")).toBeTruthy();
  expect(screen.getByText("8.1")).toBeTruthy();
});

test("findings are in groups with their number, and only some of many are shown", () => {
  const grammar = { ...FINDING, kind: "grammar", quote: "an", message: "Wrong article.", suggestions: ["a"] };
  showAnalysis({
    findings: [FINDING, grammar],
    finding_counts: [COUNT, { kind: "grammar", count: 1 }, { kind: "adverb", count: 0 }],
  });
  const group = screen.getByText("Passive voice: 25").closest("details") as HTMLElement;
  expect(within(group).getByText("was lit")).toBeTruthy();
  expect(within(group).getByText("and 24 more")).toBeTruthy();
  expect(screen.getByText("Instead: a")).toBeTruthy();
  expect(screen.queryByText(/Adverbs/)).toBeNull();
});

test("a text without findings says so, and what is missing says why", () => {
  showAnalysis({ not_available: [{ field: "metrics.mtld", reason: "It needs 100 words." }] });
  expect(screen.getByText("Nothing was found.")).toBeTruthy();
  expect(screen.getByText("Not said of this text: 1")).toBeTruthy();
  expect(screen.getByText("Variety of words")).toBeTruthy();
  expect(screen.getByText("It needs 100 words.")).toBeTruthy();
});

test("a whole book is shown text by text, and what a model says is marked", () => {
  showAnalysis({
    texts: [
      { blob_id: "blob-1", title: "Chapter 1", pace: "fast", metrics: { words: 300, average_sentence_words: 9 } },
    ],
    judgements: [{ about: "pacing", text: "It hurries.", made_by: "model", model: "gpt-4" }],
  });
  expect(screen.getByText("Chapter 1")).toBeTruthy();
  expect(screen.getByText("300 words, 9 words per sentence, fast pace")).toBeTruthy();
  expect(screen.getByText("Pacing, says gpt-4")).toBeTruthy();
});
