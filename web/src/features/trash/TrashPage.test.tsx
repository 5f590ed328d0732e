// @vitest-environment jsdom
import { screen, waitFor } from "@testing-library/react";
import { expect, test } from "vitest";
import { sampleBlob, sampleBucket, sampleTrashItem } from "../../api/samples.fixture";
import type { TrashItem } from "../../api/types";
import { type Answers, createTestStudio, type TestStudio } from "../../testing/studio.fixture";
import { TrashPage } from "./TrashPage";

const NOVEL = sampleTrashItem({ bucket: sampleBucket({ name: "Novel" }), bucket_count: 3, blob_count: 5 });
const NOTE = sampleTrashItem({ id: "blob-1", kind: "blob", bucket: null, blob: sampleBlob({ data: { content: "" } }) });

function showTrash(items: TrashItem[], answers: Answers = {}): TestStudio {
  const page = createTestStudio({ "GET /trash": () => ({ items, next_cursor: null }), ...answers });
  page.show(<TrashPage />);
  return page;
}

test("everything that was trashed is listed with what went along", async () => {
  showTrash([NOVEL, NOTE]);
  const rows = await screen.findAllByRole("listitem");
  expect(rows.map((row) => row.textContent)).toEqual([
    expect.stringContaining("Novelbook, with 2 buckets and 5 texts · "),
    expect.stringContaining("An empty notenote · "),
  ]);
});

test("an empty trash says what it is for", async () => {
  showTrash([]);
  expect(await screen.findByText(/^The trash is empty/)).toBeTruthy();
  expect(screen.queryByRole("button", { name: "Empty the trash…" })).toBeNull();
});

test("a bucket whose parent is gone is asked a new place for", async () => {
  const refusal = {
    status: 409,
    code: "conflict",
    detail: "Its parent is in the trash.",
    parent_bucket_id: "bucket-9",
  };
  const { user, dialogs } = showTrash([NOVEL], { "POST /buckets/*/restore": () => refusal });
  await user.click(await screen.findByRole("button", { name: "Restore Novel" }));
  await waitFor(() => expect(dialogs).toEqual([{ kind: "restore-bucket", id: "bucket-1", name: "Novel" }]));
});

test("nothing is deleted for good without a question", async () => {
  const { user, dialogs, requests } = showTrash([NOVEL]);
  await user.click(await screen.findByRole("button", { name: "Delete Novel for good" }));
  await user.click(screen.getByRole("button", { name: "Empty the trash…" }));
  expect(dialogs).toEqual([
    { kind: "purge", item: NOVEL },
    { kind: "purge", item: null },
  ]);
  expect(requests.filter((request) => request.startsWith("DELETE"))).toEqual([]);
});

test("a trash that cannot be read says why, and is read again on request", async () => {
  let isRefused = true;
  const refusal = { status: 403, code: "forbidden", detail: "Not with this key." };
  const { user } = showTrash([], {
    "GET /trash": () => (isRefused ? refusal : { items: [NOVEL], next_cursor: null }),
  });
  expect((await screen.findByRole("alert")).textContent).toContain("The trash could not be read. Not with this key.");
  isRefused = false;
  await user.click(screen.getByRole("button", { name: "Try again" }));
  expect(await screen.findByText("Novel")).toBeTruthy();
});
