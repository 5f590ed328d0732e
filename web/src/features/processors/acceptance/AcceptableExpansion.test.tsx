// @vitest-environment jsdom
import { screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { sampleBlob } from "../../../api/samples.fixture";
import type { Blob } from "../../../api/types";
import { type Answers, createTestStudio, type TestStudio } from "../../../testing/studio.fixture";
import { AcceptableExpansion } from "./AcceptableExpansion";

const EXPANSION = sampleBlob({
  id: "blob-2",
  parent_id: "blob-1",
  schema_id: "expanded-text-v1",
  data: { original: "x", expanded: "The harbour lay empty.\n\nMarta untied the boat.", expansion_ratio: 2 },
});

function accepted(fields: Partial<Blob> = {}): Blob {
  const paragraphs = [
    { text: "The harbour.", from: { kind: "person", at: "2026-01-01T00:00:00Z" } },
    {
      text: "Marta untied the boat.",
      from: { kind: "model", blob_id: "blob-2", paragraph: 2, model: "small-1", at: "2026-01-01T00:00:00Z" },
    },
  ];
  const data = { content: "The harbour.\n\nMarta untied the boat.", paragraphs };
  return sampleBlob({ id: "blob-3", parent_id: "blob-1", schema_id: "edited-text-v1", data, revision: 2, ...fields });
}

function showExpansion(there: Blob[], answers: Answers = {}): TestStudio & { sent: unknown[] } {
  const sent: unknown[] = [];
  const page = createTestStudio({
    "GET /blobs": () => ({ items: there, next_cursor: null }),
    "POST /blobs/*/accept": (body) => {
      sent.push(body);
      return accepted();
    },
    ...answers,
  });
  page.show(<AcceptableExpansion noteId="blob-1" noteName="Note 1" shown={EXPANSION} revision={1} isSeen />);
  return { ...page, sent };
}

test("before the first acceptance it says what accepting does", async () => {
  showExpansion([]);
  expect(await screen.findByText(/^What you accept/)).toBeTruthy();
  expect(screen.getAllByRole("button", { name: /^Accept paragraph/ })).toHaveLength(2);
});

test("the whole text is accepted for the text that is on the screen", async () => {
  const { user, sent, studio } = showExpansion([accepted()]);
  await screen.findByRole("region", { name: "Accepted text of note 1" });
  await user.click(screen.getByRole("button", { name: "Accept all" }));
  await waitFor(() => expect(sent).toEqual([{ derived_blob_id: "blob-2", base_revision: 2 }]));
  await waitFor(() => expect(studio.notices.shown.get().at(-1)?.text).toBe("The text was accepted."));
});

test("a paragraph is accepted by its number, whatever others do meanwhile", async () => {
  const { user, sent } = showExpansion([]);
  await user.click(await screen.findByRole("button", { name: "Accept paragraph 2" }));
  await waitFor(() => expect(sent).toEqual([{ derived_blob_id: "blob-2", paragraphs: [2] }]));
});

test("each paragraph of the accepted text says who wrote it, and those of the expansion whether they are in it", async () => {
  showExpansion([accepted()]);
  const pane = await screen.findByRole("region", { name: "Accepted text of note 1" });
  const marks = [...pane.querySelectorAll("small")].map((mark) => mark.textContent);
  expect(marks).toEqual(["You", "Model, small-1"]);
  expect(screen.queryByRole("button", { name: "Accept paragraph 2" })).toBeNull();
  expect(screen.getByText("Accepted")).toBeTruthy();
});

test("an acceptance is taken back to the text before it", async () => {
  const page = showExpansion([accepted({ revision: 1 })], { "POST /blobs/*/restore": () => accepted() });
  await page.user.click(await screen.findByRole("button", { name: "Accept paragraph 1" }));
  await waitFor(() => expect(page.studio.notices.shown.get()).toHaveLength(1));
  page.studio.notices.shown.get()[0]?.actions[0]?.run();
  await waitFor(() => expect(page.requests).toContain("POST /blobs/blob-3/restore"));
});

test("a refusal is shown with its reason", async () => {
  const refusal = { status: 409, code: "conflict", detail: "The accepted text is in the trash; restore it first." };
  const { user, studio } = showExpansion([], { "POST /blobs/*/accept": () => refusal });
  await user.click(await screen.findByRole("button", { name: "Accept all" }));
  await waitFor(() => expect(studio.notices.shown.get()[0]?.text).toContain("is in the trash"));
});

test("it says when the note has changed since", async () => {
  showExpansion([accepted({ stale: true })]);
  expect(await screen.findByText("The note has changed since this was accepted.")).toBeTruthy();
});

test("a text that cannot be read says so", async () => {
  const refusal = { status: 403, code: "forbidden", detail: "You may not do this." };
  showExpansion([], { "GET /blobs": () => refusal });
  expect((await screen.findByRole("alert")).textContent).toContain("You may not do this.");
});

test("what a person writes is saved as a change of the text that was read, and kept on the screen when refused", async () => {
  const refusal = { status: 409, code: "conflict", detail: "Someone changed this while you were editing." };
  const { user } = showExpansion([accepted()], { "PATCH /blobs/*": () => refusal });
  const pane = await screen.findByRole("region", { name: "Accepted text of note 1" });
  await user.click(within(pane).getByRole("button", { name: "Edit" }));
  await user.type(within(pane).getByRole("textbox"), " Mine.");
  await user.click(within(pane).getByRole("button", { name: "Save" }));
  expect((await within(pane).findByRole("alert")).textContent).toContain("Someone changed this");
  expect(within(pane).getByRole<HTMLTextAreaElement>("textbox").value).toContain("Mine.");
});
