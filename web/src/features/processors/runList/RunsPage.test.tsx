// @vitest-environment jsdom
import { act, screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { sampleBatch, sampleBlob, sampleProcessor, sampleRun, sampleStage } from "../../../api/samples.fixture";
import type { RunEvent, RunProgress } from "../../../api/serverMessages";
import type { Run } from "../../../api/types";
import { type Answers, createTestStudio, type TestStudio } from "../../../testing/studio.fixture";
import { applyRunEvent } from "../runs";
import { RunsPage } from "./RunsPage";

const TONE = sampleProcessor();
const EVENT = { run_id: "run-1", processor: "tone-reader", blob_id: "blob-1" };

function run(fields: Partial<Run> = {}): Run {
  return sampleRun({ processor_id: "tone-reader", ...fields });
}

function showRuns(runs: Run[], answers: Answers = {}): TestStudio {
  const page = createTestStudio({
    "GET /runs": () => ({ items: runs, next_cursor: null }),
    "GET /processors": () => ({ items: [TONE], next_cursor: null }),
    "GET /blobs/*": () => sampleBlob({ data: { content: "The ship sailed.\nAway." } }),
    ...answers,
  });
  page.show(<RunsPage />);
  return page;
}

function receive({ studio }: TestStudio, event: RunEvent | RunProgress): void {
  act(() => studio.runs.set((runs) => applyRunEvent(runs, event)));
}

const row = () => screen.findByRole("article", { name: "Tone reader: The ship sailed." });

test("a run is shown with what it takes, how far it is and what it has written", async () => {
  const page = showRuns([run()]);
  expect(within(await row()).getByText("Waiting")).toBeTruthy();
  receive(page, { ...EVENT, type: "processor.progress", progress: 0.4, text: "The mighty vessel" });
  const shown = await row();
  expect(within(shown).getByText("Running")).toBeTruthy();
  expect(within(shown).getByText("The mighty vessel")).toBeTruthy();
  expect(within(shown).getByRole("progressbar").getAttribute("aria-valuenow")).toBe("40");
});

test("a page that was opened in the middle reads what was written before", async () => {
  showRuns([run({ status: "running", progress: 0.4 })], { "GET /runs/*": () => run({ text: "The mighty" }) });
  expect(await screen.findByText("The mighty")).toBeTruthy();
});

test("it can be stopped, and a failed one gives its reason and can be tried again", async () => {
  const page = showRuns([run({ status: "running" })], {
    "POST /runs/*/cancel": () => run({ status: "cancelled" }),
    "POST /runs/*/retry": () => run(),
  });
  await page.user.click(within(await row()).getByRole("button", { name: "Stop Tone reader: The ship sailed." }));
  expect(page.requests).toContain("POST /runs/run-1/cancel");
  receive(page, { ...EVENT, type: "processor.failed", error: "The model did not answer." });
  expect(within(await row()).getByText("The model did not answer.")).toBeTruthy();
  await page.user.click(within(await row()).getByRole("button", { name: /^Try again/ }));
  expect(page.requests).toContain("POST /runs/run-1/retry");
});

test("its source and its results can be opened", async () => {
  const { dialogs, user } = showRuns([run({ status: "completed", output_blob_ids: ["blob-2", "blob-3"] })]);
  await user.click(within(await row()).getByRole("button", { name: "Source: The ship sailed." }));
  await user.click(within(await row()).getByRole("button", { name: "Result 2" }));
  expect(dialogs).toEqual([
    { kind: "blob", blobId: "blob-1" },
    { kind: "blob", blobId: "blob-3" },
  ]);
});

test("what it sent to a language model can be opened", async () => {
  const { dialogs, user } = showRuns([run({ status: "completed" })]);
  await user.click(within(await row()).getByRole("button", { name: "Prompt of Tone reader: The ship sailed." }));
  expect(dialogs).toEqual([{ kind: "prompt", runId: "run-1" }]);
});

const STAGES = [sampleStage({ processor_id: "tone-reader", requested: 2 })];

test("runs of one request show their overall progress, which the studio counts", async () => {
  const runs = ["run-1", "run-2"].map((id) => run({ id, blob_id: id, batch_id: "batch-1" }));
  let batch = sampleBatch({}, ...STAGES);
  const page = showRuns(runs, {
    "POST /runs": () => ({ items: runs, next_cursor: null, batch_id: "batch-1" }),
    "GET /batches/*": () => batch,
    "POST /batches/*/cancel": () => {
      batch = sampleBatch({ status: "cancelled", revision: 2 }, sampleStage({ cancelled: 2 }));
      return batch;
    },
  });
  const source = { blobIds: ["run-1", "run-2"] };
  await act(() => page.studio.runActions.request({ processorId: "tone-reader", settings: {}, source }));
  const progress = await screen.findByRole("progressbar", { name: "Progress of Tone reader on 2 texts" });
  expect(progress.textContent).toContain("0 of 2 done");
  await page.user.click(screen.getByRole("button", { name: "Stop the rest" }));
  expect(await screen.findByText("2 of 2 done (2 stopped)")).toBeTruthy();
  await page.user.click(screen.getByRole("button", { name: "Take off the list" }));
  expect(screen.queryByText("2 of 2 done (2 stopped)")).toBeNull();
});

test("a reload finds the pipelines that are under way, stage by stage", async () => {
  const stages = [sampleStage({ processor_id: "tone-reader", completed: 3, skipped: 1 }), sampleStage({ running: 3 })];
  const batch = sampleBatch({ name: "Tone and more" }, ...stages);
  const page = showRuns([], { "GET /batches": () => ({ items: [batch], next_cursor: null }) });
  await act(() => page.studio.runActions.refreshBatches());
  const progress = await screen.findByRole("progressbar", { name: "Progress of Tone and more on 4 texts" });
  expect(progress.textContent).toContain("Tone reader: 3 of 3 done (1 skipped)");
  expect(progress.textContent).toContain("text-expansion: 0 of 3 done");
  expect(progress.getAttribute("aria-valuenow")).toBe("0.5");
});

test("a filter that nothing matches says so", async () => {
  const { user } = showRuns([], {});
  expect(await screen.findByText(/^Nothing has run yet/)).toBeTruthy();
  await user.selectOptions(screen.getByRole("combobox", { name: "Status" }), "Failed");
  await waitFor(() => expect(screen.getByText("No run is like that.")).toBeTruthy());
});
