import { expect, test } from "vitest";
import { sampleProcessor } from "../../../api/samples.fixture";
import { draftOf, fits, processorsBehind, stageOf } from "./chain";

const EXPANSION = sampleProcessor({
  id: "text-expansion",
  input_schemas: ["text-input-v1"],
  output_schema: "expanded-text-v1",
});
const ANALYSIS = sampleProcessor({ id: "analysis", input_schemas: ["expanded-text-v*"], output_schema: "style-v1" });
const MIXER = sampleProcessor({ id: "mixer", input_schemas: ["audio-stem-v1"], output_schema: "audio-master-v1" });

test("a processor fits behind one that makes what it takes", () => {
  expect(fits(EXPANSION, ANALYSIS)).toBe(true);
  expect(fits(ANALYSIS, EXPANSION)).toBe(false);
  expect(fits(sampleProcessor({ output_schema: "a-v1", output_schemas: ["audio-stem-v1"] }), MIXER)).toBe(true);
  expect(processorsBehind(EXPANSION, [EXPANSION, ANALYSIS, MIXER])).toEqual([ANALYSIS]);
  expect(processorsBehind(undefined, [EXPANSION, MIXER])).toEqual([EXPANSION, MIXER]);
});

test("a stage goes into the editor and out of it as it was", () => {
  const stage = { processor_id: "one", settings: { style: "noir" }, model: null, when: "words(content) > 3" };
  expect(draftOf([stage]).map(stageOf)).toEqual([stage]);
  expect(stageOf({ key: 1, processorId: "one", settings: {}, model: null, when: "  " }).when).toBeNull();
});
