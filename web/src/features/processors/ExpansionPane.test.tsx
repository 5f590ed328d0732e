// @vitest-environment jsdom
import { act, screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { sampleBlob } from "../../api/samples.fixture";
import type { RunEvent, RunProgress } from "../../api/serverMessages";
import type { Blob } from "../../api/types";
import { createTestStudio, type TestStudio } from "../../testing/studio.fixture";
import { ExpansionPane } from "./ExpansionPane";
import { applyRunEvent } from "./runs";

const RUN = { run_id: "run-01J00000000000000000000000", processor: "text-expansion", blob_id: "blob-1" };

function expansion(expanded: string, fields: Partial<Blob> = {}): Blob {
  const metrics = { words: 1200, reading_ease: 71.6, tone: "calm" };
  const data = { original: "The ship", expanded, expansion_ratio: 3.52, metrics, model: "small" };
  return sampleBlob({ id: "blob-2", parent_id: "blob-1", schema_id: "expanded-text-v1", data, ...fields });
}

function showPane(expansions: Blob[], revision = 1): TestStudio {
  const page = createTestStudio({ "GET /blobs": () => ({ items: expansions, next_cursor: null }) });
  page.show(<ExpansionPane draftKey="blob-1" noteName="Note 1" blobId="blob-1" revision={revision} hasText isSeen />);
  return page;
}

function receive({ studio }: TestStudio, event: RunEvent | RunProgress): void {
  act(() => studio.runs.set((runs) => applyRunEvent(runs, event)));
}

const pane = () => screen.getByRole("region", { name: "Expansion of note 1" });

test("before the first expansion it says how to make one", async () => {
  const { user } = showPane([]);
  await user.tab();
  expect((await screen.findByText(/^Press Expand/)).textContent).toContain("Ctrl Enter");
  expect(pane().textContent).toBe(" Expand");
});

test("the text grows while it is written, and can be stopped", () => {
  const page = showPane([]);
  receive(page, { ...RUN, type: "processor.progress", progress: 0.4, text: "The mighty\n\nvessel" });
  expect(pane().getAttribute("aria-busy")).toBe("true");
  expect(screen.getByRole("progressbar", { name: "Writing…" })).toBeTruthy();
  expect(screen.getByText("The mighty").getAttribute("dir")).toBe("auto");
  expect(screen.getByRole("button", { name: "Stop" })).toBeTruthy();
});

test("an expansion is shown with its metrics", async () => {
  showPane([expansion("The mighty vessel")]);
  expect(await screen.findByText("The mighty vessel")).toBeTruthy();
  const values = [...pane().querySelectorAll("dd")].map((value) => value.textContent);
  expect(values).toEqual(["3.5×", "1,200 words", "72, plain", "calm", "small"]);
  expect(screen.getByRole("button", { name: "Expand again" })).toBeTruthy();
});

test("what the demonstration model wrote says so, with what was found in it", async () => {
  const found = [
    { kind: "new_name", text: "Tom" },
    { kind: "missing_number", text: "11" },
    { kind: "new_name", text: "Lisbon" },
  ];
  showPane([expansion("Tom came.", { data: { expanded: "Tom came.", demonstration: true, findings: found } })]);
  expect(await screen.findByText(/^Written by the small demonstration model/)).toBeTruthy();
  const lines = [...screen.getByRole("list", { name: "Checked against the note" }).children];
  expect(lines.map((line) => line.textContent)).toEqual(["Missing numbers: 11", "New names: Tom, Lisbon"]);
});

test("while only the demonstration model is there, it says why nothing happens by itself", async () => {
  const models = { items: [{ id: "model-system", demonstration: true, found: false }], next_cursor: null };
  const page = createTestStudio({
    "GET /blobs": () => ({ items: [], next_cursor: null }),
    "GET /models": () => models,
  });
  page.show(<ExpansionPane draftKey="blob-1" noteName="Note 1" blobId="blob-1" revision={1} hasText isSeen />);
  await page.user.tab();
  expect((await screen.findByText(/^Only the small demonstration model/)).textContent).toContain("REYNA_LLM_URL");
});

test("it says when the note has changed since", async () => {
  showPane([expansion("The mighty vessel", { parent_revision: 1 })], 2);
  expect(await screen.findByText("The note has changed since this was written.")).toBeTruthy();
});

test("older expansions can be looked at", async () => {
  const { user } = showPane([expansion("The first", { id: "blob-2" }), expansion("The second", { id: "blob-3" })]);
  expect(await screen.findByText("The second")).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Older expansion" }));
  expect(screen.getByText("The first")).toBeTruthy();
  expect(screen.getByText("1 of 2")).toBeTruthy();
});

test("a refusal gives its reason", () => {
  const page = showPane([]);
  receive(page, { ...RUN, type: "processor.refused", error: "The note is too short." });
  expect(screen.getByRole("alert").textContent).toBe("This note was not expanded. The note is too short.");
});
