// @vitest-environment jsdom
import { screen, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { sampleBlob, sampleNode } from "../../api/samples.fixture";
import { createTestStudio } from "../../testing/studio.fixture";
import { BlobContent } from "../content/BlobContent";

function showBook(data: Record<string, unknown>) {
  const tree = { items: [sampleNode({ id: "bucket-one", name: "One" })], next_cursor: null };
  const page = createTestStudio({ "GET /tree": () => tree });
  page.show(<BlobContent blob={sampleBlob({ schema_id: "compiled-book-v1", data })} />);
  return page;
}

const CHAPTERS = [
  { title: "Prologue", content: "…", words: 120 },
  { title: "One", content: "…", words: 2_400, bucket_id: "bucket-one" },
  { title: "Two", content: "", words: 0, bucket_id: "bucket-gone" },
  { title: "", content: "…", words: 1 },
];

test("a book is shown by its contents, in its parts", async () => {
  const parts = [{ title: "The Hungry Month", first_chapter: 1, chapters: 2 }];
  showBook({ title: "The Storm", author: "Ana", words: 2_521, chapters: CHAPTERS, parts, front_matter: "To you." });
  expect(screen.getByRole("heading", { name: "The Storm" })).toBeTruthy();
  expect(screen.getByText(/2,521 words · 4 chapters/)).toBeTruthy();
  const contents = within(screen.getByRole("region", { name: "Contents" }));
  expect(contents.getByText("Front matter")).toBeTruthy();
  expect(contents.getAllByRole("listitem").map((item) => item.textContent)).toEqual([
    "Prologue120 words",
    "One2,400 words",
    "Two0 words",
    "Untitled1 word",
  ]);
  expect(contents.getByRole("heading", { name: "The Hungry Month" })).toBeTruthy();
});

test("chapters that are still there are links", async () => {
  const page = showBook({ title: "The Storm", chapters: CHAPTERS });
  await page.studio.queries.client.fetchQuery(page.studio.queries.forest);
  expect((await screen.findByRole("link", { name: "One" })).getAttribute("href")).toBe("#/bucket-one");
  expect(screen.queryByRole("link", { name: "Two" })).toBeNull();
});

test("what is worth a look is said, and a PDF can be looked at", () => {
  const pdf = { format: "pdf", file_id: "file-1", name: "S.pdf", media_type: "application/pdf", size: 900, sha256: "" };
  showBook({ title: "S", chapters: CHAPTERS, missing: ["Three"], texts_left_out: true, files: [pdf] });
  const warnings = within(screen.getByRole("region", { name: "Worth a look" }));
  expect(warnings.getByText("1 chapter without a text, left out:")).toBeTruthy();
  expect(warnings.getByText("Three")).toBeTruthy();
  expect(warnings.getByText("1 chapter without a single word.")).toBeTruthy();
  expect(screen.getByRole("link", { name: "View S.pdf" }).getAttribute("target")).toBe("_blank");
});

test("data of another shape is shown by its schema", () => {
  showBook({ title: "S", chapters: "none" });
  expect(screen.queryByRole("region", { name: "Contents" })).toBeNull();
});
