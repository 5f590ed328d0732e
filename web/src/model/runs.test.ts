import { expect, test } from "vitest";
import type { Progress, RunEvent } from "./nouns";
import { afterEvent, hasEnded, type Runs, runKey, withRuns } from "./runs";

const KEY = runKey("blob-1", "text-expansion");

function event(stage: string, fields: Partial<RunEvent> = {}): RunEvent {
  const type = `processor.${stage}` as RunEvent["type"];
  return { type, run_id: "run-2", processor: "text-expansion", blob_id: "blob-1", ...fields };
}

function progress(fraction: number, text: string, run_id = "run-2"): Progress {
  return {
    type: "processor.progress",
    run_id,
    processor: "text-expansion",
    blob_id: "blob-1",
    progress: fraction,
    text,
  };
}

function told(...said: (RunEvent | Progress)[]) {
  return said.reduce<Runs>(afterEvent, new Map()).get(KEY);
}

test("the text grows as it is written", () => {
  expect(told(event("requested"), event("started"), progress(0.4, "The mighty"))?.text).toBe("The mighty");
});

test("a page that was opened in the middle shows what is being written", () => {
  expect(told(progress(0.4, "The mighty"))).toMatchObject({ status: "running", text: "The mighty" });
});

test("progress that arrives late does not take anything back", () => {
  expect(told(progress(0.6, "The mighty vessel"), progress(0.4, "The mighty"))?.text).toBe("The mighty vessel");
  expect(told(progress(0.6, "The mighty"), event("completed"), progress(0.9, "The"))?.status).toBe("completed");
});

test("a late word about an older run changes nothing", () => {
  expect(told(event("started"), event("failed", { run_id: "run-1", error: "no" }))?.status).toBe("running");
});

test("a new attempt starts again, and what was written stays until there is better", () => {
  const run = told(progress(0.6, "The mighty"), event("failed", { error: "gone" }), event("started"));
  expect(run).toMatchObject({ status: "running", progress: 0, text: "The mighty", error: null });
});

test("a refusal carries its reason", () => {
  const run = told(event("refused", { error: "The note is too short." }));
  expect(run?.error).toBe("The note is too short.");
  expect(run && hasEnded(run)).toBe(true);
});

test("what the server lists does not undo what events have told", () => {
  const known = afterEvent(new Map(), progress(0.5, "The mighty"));
  const listed = { id: "run-2", processor_id: "text-expansion", blob_id: "blob-1", status: "requested" as const };
  expect(withRuns(known, [{ ...listed, progress: 0, error: null, output_blob_ids: [] }]).get(KEY)?.text).toBe(
    "The mighty",
  );
});
