// @vitest-environment jsdom
import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { type Answer, createTestStudio } from "../../../testing/studio.fixture";
import { RunEstimate } from "./RunEstimate";

const ESTIMATE = {
  runs: 3,
  calls: 4,
  input_tokens: 2140,
  output_tokens: 5310,
  cost: { amount: "0.0861", currency: "USD" },
  model: "big-1",
  refused: 0,
  sampled: 3,
  notes: [],
};

function show(answer: Answer) {
  const page = createTestStudio({ "POST /runs/estimate": answer });
  page.show(<RunEstimate request={{ processorId: "tone-reader", settings: {}, source: { bucketId: "bucket-1" } }} />);
  return page;
}

test("what many runs will use is shown with its cost and what it is worth", async () => {
  const bodies: unknown[] = [];
  show((body) => {
    bodies.push(body);
    return { ...ESTIMATE, notes: ["Computed from 100 of 400 blobs."] };
  });
  expect(screen.getByRole("status").textContent).toBe("Estimating what it will use…");
  expect(
    await screen.findByText(
      "About 4 calls of the language model, with 2,140 tokens sent and 5,310 tokens answered. About 0.0861 USD.",
    ),
  ).toBeTruthy();
  expect(screen.getByText("Computed from 100 of 400 blobs.")).toBeTruthy();
  expect(bodies).toEqual([{ processor_id: "tone-reader", settings: {}, bucket_id: "bucket-1" }]);
});

test("a model at home costs nothing, and what is not known is said", async () => {
  show(() => ({ ...ESTIMATE, cost: { amount: "0.00", currency: "USD" } }));
  expect(await screen.findByText(/It costs nothing\.$/)).toBeTruthy();
});

test("what nobody knows is said plainly", async () => {
  show(() => ({ ...ESTIMATE, calls: null, input_tokens: null, output_tokens: null, cost: null }));
  expect(await screen.findByText("What it will use is not known.")).toBeTruthy();
});

test("an error can be tried again", async () => {
  show(() => ({ status: 422, code: "invalid", detail: "ratio: must be at most 5" }));
  expect((await screen.findByRole("alert")).textContent).toContain("What it will use could not be estimated.");
});
