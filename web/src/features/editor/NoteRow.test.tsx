// @vitest-environment jsdom
import { screen, waitFor } from "@testing-library/react";
import { expect, test } from "vitest";
import { sampleBlob } from "../../api/samples.fixture";
import { type Answers, createTestStudio, type TestStudio } from "../../testing/studio.fixture";
import { NoteRow } from "./NoteRow";

const NOTE = sampleBlob({ data: { content: "The ship" } });

/** Shows the note, and waits for its editor to be loaded. */
async function showNote(answers: Answers = {}, placeCount = 1): Promise<TestStudio> {
  const page = createTestStudio({ "GET /blobs": () => ({ items: [], next_cursor: null }), ...answers });
  page.studio.drafts.applyServerVersion(NOTE);
  page.show(
    <NoteRow
      draftKey="blob-1"
      number={1}
      bucketId="bucket-1"
      previous={undefined}
      next={undefined}
      isNew={false}
      placeCount={placeCount}
    />,
  );
  await waitFor(() => expect(document.querySelector(".cm-content")).toBeTruthy(), { timeout: 30_000 });
  return page;
}

/** Adds this at the end of the note, at once. */
async function write(user: TestStudio["user"], added: string): Promise<void> {
  await user.click(screen.getByRole("textbox", { name: "Note 1" }));
  await user.keyboard("{Control>}{End}{/Control}");
  await user.paste(added);
}

const status = () => screen.getByTestId("save-state");

test("what is typed is counted, saved, and said to be saved", async () => {
  const saved: unknown[] = [];
  let answer: () => void = () => undefined;
  const isAnswered = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const { user } = await showNote({
    "PATCH /blobs/*": async (body) => {
      saved.push(body);
      await isAnswered;
      return { ...NOTE, data: { content: "The ship sailed" }, revision: 2 };
    },
  });
  await write(user, " sailed");
  expect(status().textContent).toContain("Saving…");
  answer();
  await waitFor(() => expect(status().dataset["state"]).toBe("saved"), { timeout: 3_000 });
  expect(saved).toEqual([{ data: { content: "The ship sailed" }, base_revision: 1 }]);
  expect(screen.getByText("3 words")).toBeTruthy();
});

test("a refusal says why, and the text stays", async () => {
  const { user } = await showNote({
    "PATCH /blobs/*": () => ({ status: 413, code: "too_much", detail: "This is larger than is allowed." }),
  });
  await write(user, " sailed");
  expect((await screen.findByRole("alert", {}, { timeout: 3_000 })).textContent).toBe(
    "Not saved: This is larger than is allowed.",
  );
  expect(screen.getByRole("textbox", { name: "Note 1" })).toHaveProperty("textContent", "The ship sailed");
});

test("a version from elsewhere is offered for comparison", async () => {
  const current = { ...NOTE, data: { content: "Theirs" }, revision: 2 };
  const { user, dialogs } = await showNote({
    "PATCH /blobs/*": () => ({ status: 409, code: "conflict", detail: "Someone changed this.", current }),
  });
  await write(user, " sailed");
  await user.click(await screen.findByRole("button", { name: "Compare and choose" }, { timeout: 3_000 }));
  expect(dialogs).toEqual([{ kind: "conflict", draftKey: "blob-1" }]);
});

test("a note in several places says so, and the trash asks which are meant", async () => {
  const { user, dialogs } = await showNote({}, 2);
  await user.click(screen.getByRole("button", { name: "In 2 places" }));
  await user.click(screen.getByRole("button", { name: "More for note 1" }));
  await user.click(screen.getByRole("menuitem", { name: "Move to the trash…" }));
  expect(dialogs).toEqual([
    { kind: "places", blobId: "blob-1", bucketId: "bucket-1" },
    { kind: "trash-note", blobId: "blob-1", bucketId: "bucket-1" },
  ]);
});
