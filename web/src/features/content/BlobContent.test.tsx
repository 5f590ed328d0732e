// @vitest-environment jsdom
import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { sampleBlob } from "../../api/samples.fixture";
import { createTestStudio } from "../../testing/studio.fixture";
import { BlobContent } from "./BlobContent";

const ANALYSIS = sampleBlob({
  schema_id: "style-analysis-v1",
  data: { tone: "calm", suggestions: ["Shorten it."], metrics: { words: 1200 } },
});

test("a blob of any schema is shown in words, and as data on request", async () => {
  const { user, show } = createTestStudio({
    "GET /schemas/*/versions/*": () => ({ json_schema: { properties: { tone: { title: "The tone" } } } }),
  });
  show(<BlobContent blob={ANALYSIS} />);
  expect(await screen.findByText("The tone")).toBeTruthy();
  expect(screen.getByRole("heading", { name: "Suggestions" })).toBeTruthy();
  expect(screen.getByRole("listitem").textContent).toBe("Shorten it.");
  expect(screen.getByText("1,200")).toBeTruthy();
  expect(screen.queryByText(/"tone"/)).toBeNull();
  await user.click(screen.getByRole("button", { name: "Show data" }));
  expect(screen.getByText(/"tone": "calm"/)).toBeTruthy();
});

test("it is shown also when its schema cannot be read", async () => {
  createTestStudio().show(<BlobContent blob={ANALYSIS} />);
  expect(await screen.findByText("Tone")).toBeTruthy();
});

test("an expansion has a view of its own", async () => {
  const blob = sampleBlob({ schema_id: "expanded-text-v1", data: { expanded: "The mighty vessel", model: "small" } });
  createTestStudio().show(<BlobContent blob={blob} />);
  expect(screen.getByText("The mighty vessel")).toBeTruthy();
  expect(screen.getByRole("button", { name: "Copy text" })).toBeTruthy();
});
