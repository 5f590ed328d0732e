// @vitest-environment jsdom
import { screen, waitFor } from "@testing-library/react";
import { Dialog } from "react-aria-components";
import { expect, test } from "vitest";
import { sampleBlob, sampleRevision } from "../../api/samples.fixture";
import type { Revision } from "../../api/types";
import { type Answers, createTestStudio, type TestStudio } from "../../testing/studio.fixture";
import { HistoryDialog } from "./HistoryDialog";

function revision(number: number, content: string, fields: Partial<Revision> = {}): Revision {
  const created_at = `2026-05-17T1${number}:00:00`;
  return sampleRevision({ id: `blob-1:${number}`, number, data: { content }, created_at, ...fields });
}

const REVISIONS = [
  revision(3, "The ship sank."),
  revision(2, "The boat."),
  revision(1, "The ship.", { name: "Draft" }),
];
const PIECES = [
  { kind: "removed", text: "The boat." },
  { kind: "added", text: "The ship sank." },
];

function showHistory(answers: Answers = {}): TestStudio {
  const page = createTestStudio({
    "GET /blobs/*/revisions": () => ({ items: REVISIONS, next_cursor: null }),
    "GET /blobs/*/diff": () => ({ differences: [{ path: "/content", kind: "changed", pieces: PIECES }] }),
    ...answers,
  });
  page.studio.drafts.applyServerVersion(sampleBlob({ data: { content: "The ship sank." }, revision: 3 }));
  page.show(
    <Dialog>
      <HistoryDialog blobId="blob-1" close={() => undefined} />
    </Dialog>,
  );
  return page;
}

test("the version before this one is compared with it", async () => {
  showHistory();
  expect((await screen.findByText("The boat.")).tagName).toBe("DEL");
  expect(screen.getByText("The ship sank.").tagName).toBe("INS");
  expect(screen.getAllByRole("option").map((option) => option.textContent)).toEqual([
    expect.stringContaining("now"),
    expect.stringContaining("Written"),
    expect.stringContaining("Draft"),
  ]);
});

test("a version is restored as the newest one, and the note shows it", async () => {
  const restored = sampleBlob({ data: { content: "The ship." }, revision: 4 });
  const { user, studio } = showHistory({ "POST /blobs/*/restore": () => restored });
  await user.click(await screen.findByRole("option", { name: /Draft/ }));
  await user.click(screen.getByRole("button", { name: "Restore this version" }));
  await waitFor(() => expect(studio.drafts.get("blob-1")?.text).toBe("The ship."));
  expect(
    studio.notices.shown
      .get()
      .at(-1)
      ?.actions.map(({ label }) => label),
  ).toEqual(["Undo"]);
});

test("a version gets a name, and a refusal of it is shown", async () => {
  const refusal = { status: 422, code: "invalid", detail: "This name is too long." };
  const { user } = showHistory({ "PUT /blobs/*/revisions/*/name": () => refusal });
  await user.type(await screen.findByRole("textbox", { name: "Name of this version" }), "First draft");
  await user.click(screen.getByRole("button", { name: "Name it" }));
  expect((await screen.findByRole("alert")).textContent).toBe("This name is too long.");
});
