// @vitest-environment jsdom
import { screen, waitFor, within } from "@testing-library/react";
import { Dialog } from "react-aria-components";
import { expect, test } from "vitest";
import { samplePipeline, sampleProcessor } from "../../../api/samples.fixture";
import type { Pipeline } from "../../../api/types";
import { type Answers, createTestStudio, type TestStudio } from "../../../testing/studio.fixture";
import { PipelineDialog } from "./PipelineDialog";
import { PipelinesPage } from "./PipelinesPage";

const SETTINGS = { type: "object", properties: { style: { type: "string", title: "Style" } } };
const EXPANSION = sampleProcessor({
  id: "text-expansion",
  name: "Expansion",
  output_schema: "expanded-text-v1",
  settings_schema: SETTINGS,
});
const ANALYSIS = sampleProcessor({ id: "analysis", name: "Style", input_schemas: ["expanded-text-v*"] });
const STAGES = [
  { processor_id: "text-expansion", settings: { style: "noir" }, model: null, when: "words(content) > 100" },
  { processor_id: "analysis", settings: {}, model: null, when: null },
];
const PIPELINE = samplePipeline({ stages: STAGES, revision: 4 });

function testStudio(answers: Answers = {}): TestStudio {
  return createTestStudio({
    "GET /processors": () => ({ items: [ANALYSIS, EXPANSION], next_cursor: null }),
    "GET /pipelines": () => ({ items: [PIPELINE], next_cursor: null }),
    ...answers,
  });
}

function showDialog(pipeline: Pipeline | null, answers: Answers = {}) {
  const page = testStudio(answers);
  let isClosed = false;
  const close = () => {
    isClosed = true;
  };
  page.show(
    <Dialog>
      <PipelineDialog pipeline={pipeline} close={close} />
    </Dialog>,
  );
  return { ...page, isClosed: () => isClosed };
}

test("a pipeline shows its processors with their conditions, and can be run, changed and deleted", async () => {
  const page = testStudio({ "DELETE /pipelines/*": () => ({}), "POST /pipelines": () => PIPELINE });
  page.show(<PipelinesPage />);
  const card = await screen.findByRole("article", { name: "Expand and analyse" });
  await waitFor(() => expect(within(card).getAllByRole("listitem")[0]?.textContent).toContain("Expansion"));
  expect(card.textContent).toContain("words(content) > 100");
  await page.user.click(screen.getByRole("button", { name: "Run Expand and analyse" }));
  await page.user.click(screen.getByRole("button", { name: "Change Expand and analyse" }));
  expect(page.dialogs).toEqual([
    { kind: "run", source: { kind: "bucket", bucketId: null }, processorId: "pipeline-1" },
    { kind: "pipeline", pipeline: PIPELINE },
  ]);
  await page.user.click(screen.getByRole("button", { name: "Delete Expand and analyse" }));
  await waitFor(() => expect(page.requests).toContain("DELETE /pipelines/pipeline-1"));
  page.studio.notices.shown.get()[0]?.actions[0]?.run();
  await waitFor(() => expect(page.requests).toContain("POST /pipelines"));
});

test("a new pipeline offers only what fits behind the last processor", async () => {
  const bodies: unknown[] = [];
  const { user, isClosed } = showDialog(null, {
    "GET /processors": () => ({ items: [EXPANSION, ANALYSIS], next_cursor: null }),
    "POST /pipelines": (body) => {
      bodies.push(body);
      return PIPELINE;
    },
  });
  await user.type(await screen.findByRole("textbox", { name: "Name" }), "Mine");
  await user.type(screen.getByRole("textbox", { name: /^Processor 1: Only if/ }), "words(content) > 3");
  await user.click(screen.getByRole("button", { name: "Add a processor" }));
  const second = screen.getByRole("group", { name: "Processor 2" });
  expect([...within(second).getByRole("combobox").children].map((option) => option.textContent)).toEqual(["Style"]);
  await user.click(screen.getByRole("button", { name: "Save" }));
  await waitFor(() => expect(isClosed()).toBe(true));
  expect(bodies).toEqual([
    {
      name: "Mine",
      stages: [
        { processor_id: "text-expansion", settings: {}, model: null, when: "words(content) > 3" },
        { processor_id: "analysis", settings: {}, model: null, when: null },
      ],
    },
  ]);
});

test("a change keeps what it does not touch, and says what it was made on", async () => {
  const bodies: unknown[] = [];
  const { user, isClosed } = showDialog(PIPELINE, {
    "PATCH /pipelines/*": (body) => {
      bodies.push(body);
      return PIPELINE;
    },
  });
  await user.click(await screen.findByRole("button", { name: "Take out processor 2" }));
  await user.click(screen.getByRole("button", { name: "Save" }));
  await waitFor(() => expect(isClosed()).toBe(true));
  expect(bodies).toEqual([{ name: "Expand and analyse", stages: [STAGES[0]], base_revision: 4 }]);
});

test("a condition that is refused stays in the editor with the reason", async () => {
  const { user, isClosed } = showDialog(PIPELINE, {
    "PATCH /pipelines/*": () => ({ status: 422, code: "invalid", detail: "cannot be read (at character 9)" }),
  });
  await user.click(await screen.findByRole("button", { name: "Save" }));
  expect((await screen.findByRole("alert")).textContent).toContain("at character 9");
  expect(isClosed()).toBe(false);
});
