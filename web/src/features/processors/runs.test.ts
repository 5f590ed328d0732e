import { expect, test } from "vitest";
import { sampleRun } from "../../api/samples.fixture";
import type { RunEvent, RunProgress } from "../../api/serverMessages";
import { applyRunEvent, hasEnded, mergeListedRuns, type Runs, runKey, withoutMissed } from "./runs";

const KEY = runKey("blob-1", "text-expansion");

function event(stage: string, fields: Partial<RunEvent> = {}): RunEvent {
  const type = `processor.${stage}` as RunEvent["type"];
  return { type, run_id: "run-2", processor: "text-expansion", blob_id: "blob-1", ...fields };
}

function progress(fraction: number, text: string, run_id = "run-2"): RunProgress {
  return {
    type: "processor.progress",
    run_id,
    processor: "text-expansion",
    blob_id: "blob-1",
    progress: fraction,
    text,
  };
}

function runAfter(...events: (RunEvent | RunProgress)[]) {
  return events.reduce<Runs>(applyRunEvent, new Map()).get(KEY);
}

test("the text grows as it is written", () => {
  expect(runAfter(event("requested"), event("started"), progress(0.4, "The mighty"))?.text).toBe("The mighty");
});

test("a page that was opened in the middle shows what is being written", () => {
  expect(runAfter(progress(0.4, "The mighty"))).toMatchObject({ status: "running", text: "The mighty" });
});

test("progress that arrives late does not take anything back", () => {
  expect(runAfter(progress(0.6, "The mighty vessel"), progress(0.4, "The mighty"))?.text).toBe("The mighty vessel");
  expect(runAfter(progress(0.6, "The mighty"), event("completed"), progress(0.9, "The"))?.status).toBe("completed");
});

test("a late word about an older run changes nothing", () => {
  expect(runAfter(event("started"), event("failed", { run_id: "run-1", error: "no" }))?.status).toBe("running");
});

test("a new attempt starts again, and what was written stays until there is better", () => {
  const run = runAfter(progress(0.6, "The mighty"), event("failed", { error: "gone" }), event("started"));
  expect(run).toMatchObject({ status: "running", progress: 0, text: "The mighty", error: null });
});

test("a refusal carries its reason", () => {
  const run = runAfter(event("refused", { error: "The note is too short." }));
  expect(run?.error).toBe("The note is too short.");
  expect(run && hasEnded(run)).toBe(true);
});

test("what the server lists does not undo what events have told", () => {
  const known = applyRunEvent(new Map(), progress(0.5, "The mighty"));
  expect(mergeListedRuns(known, [sampleRun({ id: "run-2" })]).get(KEY)?.text).toBe("The mighty");
});

test("a run whose end was missed does not stay under way for ever", () => {
  const before = applyRunEvent(new Map(), progress(0.5, "The mighty"));
  expect(withoutMissed(before, before, []).size).toBe(0);
  expect(withoutMissed(before, before, [sampleRun({ id: "run-2" })]).size).toBe(1);
  const since = applyRunEvent(before, progress(0.6, "The mighty vessel"));
  expect(withoutMissed(since, before, []).size).toBe(1);
});
