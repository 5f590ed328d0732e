// @vitest-environment jsdom
import { screen, waitFor } from "@testing-library/react";
import { Dialog } from "react-aria-components";
import { expect, test } from "vitest";
import { sampleHealth, sampleNode, samplePipeline, sampleProcessor, sampleRun } from "../../../api/samples.fixture";
import type { RunSource } from "../../../studio/dialogs";
import { createTestStudio } from "../../../testing/studio.fixture";
import { RunDialog } from "./RunDialog";

const PROCESSORS = [
  sampleProcessor(),
  sampleProcessor({ id: "compiler", name: "Compiler", input_schemas: ["text-input-v*"] }),
  sampleProcessor({ id: "mixer", name: "Mixer", input_schemas: ["audio-stem-v1"] }),
];

const ESTIMATE = {
  runs: 2,
  calls: 2,
  input_tokens: 200,
  output_tokens: 800,
  cost: null,
  model: null,
  refused: 0,
  sampled: 2,
  notes: ["The price of big-1 is not known."],
};

const PIPELINES = [
  samplePipeline({ id: "pipeline-1", name: "Read", stages: [{ processor_id: "tone-reader", settings: {} }] }),
  samplePipeline({ id: "pipeline-2", name: "Mix", stages: [{ processor_id: "mixer", settings: {} }] }),
];

function showDialog(source: RunSource, runCount = 1, pipelines = PIPELINES.slice(2), processors = PROCESSORS) {
  const bodies: unknown[] = [];
  const runs = Array.from({ length: runCount }, (_, index) =>
    sampleRun({ id: `run-${index}`, blob_id: `blob-${index}` }),
  );
  const page = createTestStudio({
    "GET /processors": () => ({ items: processors, next_cursor: null }),
    "GET /processors/*": () => sampleHealth({ live_workers: 0 }),
    "GET /tree": () => ({ items: [sampleNode({ id: "bucket-1", name: "Novel" })], next_cursor: null }),
    "GET /pipelines": () => ({ items: pipelines, next_cursor: null }),
    "POST /runs/estimate": () => ESTIMATE,
    "POST /runs": (body) => {
      bodies.push(body);
      return { items: runs, next_cursor: null, batch_id: pipelines.length > 0 ? "batch-1" : null };
    },
  });
  let isClosed = false;
  page.show(
    <Dialog>
      <RunDialog
        source={source}
        processorId={undefined}
        close={() => {
          isClosed = true;
        }}
      />
    </Dialog>,
  );
  return { ...page, bodies, isClosed: () => isClosed };
}

const radioNames = async () => {
  await screen.findByRole("group", { name: "Processor" });
  return screen.getAllByRole("radio").map((radio) => radio.closest("label")?.textContent);
};

test("only the processors that take the text are offered, also those with a pattern", async () => {
  const { user, bodies, isClosed } = showDialog({ kind: "blobs", blobIds: ["blob-1"], schemaId: "text-input-v1" });
  expect(await radioNames()).toEqual(["Compiler takes text input (any version)", "Tone reader takes text input (v1)"]);
  expect(await screen.findByText(/No worker is running for it/)).toBeTruthy();
  await user.click(screen.getByRole("radio", { name: /^Tone reader/ }));
  await user.click(await screen.findByRole("button", { name: "Run" }));
  await waitFor(() => expect(isClosed()).toBe(true));
  expect(bodies).toEqual([{ processor_id: "tone-reader", settings: {}, blob_ids: ["blob-1"] }]);
});

test("a text that no processor takes says so", async () => {
  showDialog({ kind: "blobs", blobIds: ["blob-1"], schemaId: "image-v1" });
  expect(await screen.findByText("No processor takes image (v1).")).toBeTruthy();
});

test("a bucket in which nothing fits leaves the dialog open", async () => {
  const { user, bodies, isClosed } = showDialog({ kind: "bucket", bucketId: "bucket-1" }, 0);
  await user.click(await screen.findByRole("button", { name: "Run" }));
  expect((await screen.findByRole("alert")).textContent).toContain("Nothing there is what it takes");
  expect(bodies).toEqual([{ processor_id: "compiler", settings: {}, bucket_id: "bucket-1" }]);
  expect(isClosed()).toBe(false);
});

test("a processor of whole buckets is not asked which texts, nor for the bucket", async () => {
  const schema = { type: "object", properties: { bucket_id: { type: "string" }, title: { type: "string" } } };
  const binder = sampleProcessor({ id: "binder", name: "Binder", whole_bucket: true, settings_schema: schema });
  const { user, bodies } = showDialog({ kind: "bucket", bucketId: "bucket-1" }, 1, [], [binder]);
  await user.type(await screen.findByLabelText("Title"), "Sea");
  expect(screen.queryByRole("group", { name: "On which texts?" })).toBeNull();
  expect(screen.queryByLabelText("Bucket id")).toBeNull();
  await user.click(screen.getByRole("button", { name: "Run" }));
  await waitFor(() =>
    expect(bodies).toEqual([{ processor_id: "binder", settings: { title: "Sea" }, bucket_id: "bucket-1" }]),
  );
});

test("a pipeline that begins with what takes the text can be run, too", async () => {
  const source: RunSource = { kind: "blobs", blobIds: ["blob-1"], schemaId: "text-input-v1" };
  const { user, bodies, isClosed } = showDialog(source, 1, PIPELINES);
  await user.click(await screen.findByRole("radio", { name: /^Read/ }));
  expect(screen.queryByRole("radio", { name: /^Mix/ })).toBeNull();
  await user.click(await screen.findByRole("button", { name: "Run" }));
  await waitFor(() => expect(isClosed()).toBe(true));
  expect(bodies).toEqual([{ pipeline_id: "pipeline-1", blob_ids: ["blob-1"] }]);
});

test("what several texts will use is said before they are run, of one text it is not asked", async () => {
  const { requests } = showDialog({ kind: "blobs", blobIds: ["blob-1", "blob-2"], schemaId: "text-input-v1" });
  expect(await screen.findByText(/200 tokens sent and 800 tokens answered/)).toBeTruthy();
  expect(screen.getByText("The price of big-1 is not known.")).toBeTruthy();
  expect(requests).toContain("POST /runs/estimate");
  const single = showDialog({ kind: "blobs", blobIds: ["blob-1"], schemaId: "text-input-v1" });
  await screen.findAllByRole("button", { name: "Run" });
  expect(single.requests).not.toContain("POST /runs/estimate");
});
