import { expect, test } from "vitest";
import { sampleBatch, sampleStage } from "../../../api/samples.fixture";
import { hasBatchEnded, summarizeStage, withBatch } from "./batches";

test("a stage counts how its runs end, and what it skipped", () => {
  const stage = sampleStage({ requested: 1, running: 2, completed: 3, failed: 1, refused: 1, skipped: 4 });
  expect(summarizeStage(stage)).toEqual({ total: 8, done: 5, failed: 1, refused: 1, cancelled: 0, skipped: 4 });
});

test("the newest batch comes first, and an older reading replaces nothing", () => {
  const [old, young] = [sampleBatch({ id: "batch-1" }), sampleBatch({ id: "batch-2", revision: 2, status: "failed" })];
  const both = withBatch(withBatch([], old), young);
  expect(both.map(({ id }) => id)).toEqual(["batch-2", "batch-1"]);
  expect(withBatch(both, { ...young, revision: 1, status: "running" })).toBe(both);
  expect(both.map(hasBatchEnded)).toEqual([true, false]);
});
