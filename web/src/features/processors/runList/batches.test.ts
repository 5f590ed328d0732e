import { expect, test } from "vitest";
import { sampleRun } from "../../../api/samples.fixture";
import type { RunEvent } from "../../../api/serverMessages";
import { applyRunEvent } from "../runs";
import { activeRunIds, applyEventToBatches, applyListedRuns, newBatch, summarize } from "./batches";

const RUNS = ["run-1", "run-2", "run-3"].map((id, index) => sampleRun({ id, blob_id: `blob-${index}` }));

function event(stage: string, run_id: string, blob_id = "blob-0"): RunEvent {
  return { type: `processor.${stage}` as RunEvent["type"], run_id, processor: "text-expansion", blob_id };
}

test("a batch counts how its runs end", () => {
  const start = [newBatch(RUNS, "bucket-1", new Map())];
  const events = [
    event("started", "run-1"),
    event("completed", "run-1"),
    event("failed", "run-2"),
    event("failed", "run-9"),
  ];
  const [batch] = events.reduce(applyEventToBatches, start);
  expect(batch && summarize(batch)).toEqual({ total: 3, done: 2, failed: 1, refused: 0, cancelled: 0 });
  expect(batch && activeRunIds(batch)).toEqual(["run-3"]);
});

test("a run that ended before its request was answered is counted", () => {
  const known = applyRunEvent(new Map(), event("completed", "run-1"));
  expect(summarize(newBatch(RUNS, null, known)).done).toBe(1);
});

test("what a list says counts after a gap, and nothing changes without news", () => {
  const before = [newBatch(RUNS, null, new Map())];
  const after = applyListedRuns(before, [sampleRun({ id: "run-3", status: "refused" })]);
  expect(after.map(summarize)).toMatchObject([{ done: 1, refused: 1 }]);
  expect(applyListedRuns(after, [sampleRun({ id: "run-3", status: "refused" })])).toBe(after);
});
