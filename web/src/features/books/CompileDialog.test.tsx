// @vitest-environment jsdom
import { screen, waitFor, within } from "@testing-library/react";
import { Dialog } from "react-aria-components";
import { expect, test } from "vitest";
import { sampleBlob, sampleNode, sampleProcessor, sampleRun } from "../../api/samples.fixture";
import type { JsonObject, Run } from "../../api/types";
import { type Answers, createTestStudio } from "../../testing/studio.fixture";
import { CompileDialog } from "./CompileDialog";

const FILE = {
  format: "docx",
  file_id: "file-1",
  name: "Novel.docx",
  media_type: "application/octet-stream",
  size: 48_213,
  sha256: "",
};
const BOOK = sampleBlob({
  id: "blob-book",
  schema_id: "compiled-book-v1",
  data: { title: "Novel", chapters: [], files: [FILE] },
});

function compilation(fields: Partial<Run>, settings: JsonObject = {}): Run {
  return sampleRun({
    processor_id: "book-compiler",
    settings: { bucket_id: "bucket-1", preset: "manuscript", formats: ["docx"], ...settings },
    ...fields,
  });
}

function showDialog(runs: Run[], answers: Answers = {}, processors = [sampleProcessor({ id: "book-compiler" })]) {
  const bodies: unknown[] = [];
  const page = createTestStudio({
    "GET /processors": () => ({ items: processors, next_cursor: null }),
    "GET /tree": () => ({ items: [sampleNode({ id: "bucket-1", name: "Novel" })], next_cursor: null }),
    "GET /runs": () => ({ items: runs, next_cursor: null }),
    "GET /blobs/*": () => BOOK,
    "POST /runs": (body) => {
      bodies.push(body);
      runs.unshift(compilation({ id: "run-new" }));
      return { items: [runs[0]], next_cursor: null, batch_id: null };
    },
    ...answers,
  });
  page.show(
    <Dialog>
      <CompileDialog bucketId="bucket-1" close={() => undefined} />
    </Dialog>,
  );
  return { ...page, bodies };
}

const isChecked = (name: string) => screen.getByRole<HTMLInputElement>("checkbox", { name }).checked;

test("a purpose chooses the files, and what is left to the bucket is not sent", async () => {
  const { user, bodies } = showDialog([]);
  await user.click(await screen.findByRole("radio", { name: /^Web/ }));
  expect([isChecked("HTML"), isChecked("PDF for screens"), isChecked("DOCX")]).toEqual([true, true, false]);
  await user.click(screen.getByRole("checkbox", { name: "EPUB" }));
  await user.type(screen.getByLabelText("Author"), " Ana Reyes ");
  await user.selectOptions(screen.getByLabelText("Which texts"), "edited");
  await user.click(screen.getByRole("button", { name: "Make the book" }));
  const settings = { preset: "web", formats: ["epub", "pdf", "html"], author: "Ana Reyes", version: "edited" };
  await waitFor(() => expect(bodies).toEqual([{ processor_id: "book-compiler", settings, bucket_id: "bucket-1" }]));
  expect(await screen.findByRole("progressbar", { name: "Progress of the book" })).toBeTruthy();
});

test("the size of a page is asked for where there are pages", async () => {
  const { user, bodies } = showDialog([]);
  await user.click(await screen.findByRole("radio", { name: /^Paperback/ }));
  await user.selectOptions(screen.getByLabelText("Size of a page"), "6x9");
  await user.click(screen.getByRole("button", { name: "Make the book" }));
  await waitFor(() => expect(bodies).toMatchObject([{ settings: { formats: ["print-pdf"], trim: "6x9" } }]));
});

test("without any file nothing is sent, and a refusal is told", async () => {
  const refusal = { status: 422, code: "invalid", detail: "There is nothing in this bucket that it takes." };
  const { user, requests } = showDialog([], { "POST /runs": () => refusal });
  await user.click(await screen.findByRole("checkbox", { name: "DOCX" }));
  await user.click(screen.getByRole("button", { name: "Make the book" }));
  expect((await screen.findByRole("alert")).textContent).toContain("Choose at least one file.");
  expect(requests).not.toContain("POST /runs");
  await user.click(screen.getByRole("checkbox", { name: "DOCX" }));
  await user.click(screen.getByRole("button", { name: "Make the book" }));
  await waitFor(() => expect(screen.getByRole("alert").textContent).toContain("There is nothing in this bucket"));
});

test("what was made of this bucket is listed with its files, and what failed with its reason", async () => {
  const { dialogs, user } = showDialog([
    compilation({ id: "run-3", status: "completed", output_blob_ids: ["blob-book"] }),
    compilation({ id: "run-2", status: "refused", error: "There is no text in this bucket." }, { title: "Sea" }),
    compilation({ id: "run-1", status: "completed", output_blob_ids: ["blob-other"] }, { bucket_id: "bucket-2" }),
  ]);
  const list = within(await screen.findByRole("region", { name: "Made of this bucket" }));
  const link = await list.findByRole<HTMLAnchorElement>("link", { name: "Download Novel.docx" });
  expect([link.getAttribute("href"), link.download, link.textContent]).toEqual([
    "/api/files/file-1",
    "Novel.docx",
    " DOCX48 kB",
  ]);
  expect(list.getByText("There is no text in this bucket.")).toBeTruthy();
  expect(list.getByRole("button", { name: "Try again: Sea" })).toBeTruthy();
  expect(list.getAllByText(/Completed|Refused/)).toHaveLength(2);
  await user.click(list.getByRole("button", { name: "Contents" }));
  expect(dialogs).toEqual([{ kind: "blob", blobId: "blob-book" }]);
});

test("a book in the trash says so", async () => {
  const run = compilation({ status: "completed", output_blob_ids: ["blob-book"] });
  showDialog([run], { "GET /blobs/*": () => ({ ...BOOK, trashed_at: "2026-01-01T00:00:00Z" }) });
  expect(await screen.findByText("It is in the trash, or deleted for good.")).toBeTruthy();
});

test("without a compiler there is no form", async () => {
  showDialog([], {}, []);
  expect((await screen.findByRole("alert")).textContent).toContain("not registered");
  expect(screen.queryByRole("button", { name: "Make the book" })).toBeNull();
});
