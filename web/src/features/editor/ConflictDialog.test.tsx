// @vitest-environment jsdom
import { screen, waitFor } from "@testing-library/react";
import { Dialog } from "react-aria-components";
import { expect, test } from "vitest";
import { sampleBlob } from "../../api/samples.fixture";
import { createTestStudio, type TestStudio } from "../../testing/studio.fixture";
import { ConflictDialog } from "./ConflictDialog";

const BASE = sampleBlob({ data: { content: "The ship\n\nsailed." } });
const THEIRS = { ...BASE, data: { content: "The old ship\n\nsailed." }, revision: 2 };

/** A note that was changed here and elsewhere; `closed` counts how often the dialog asked to be closed. */
async function showConflict(mine: string): Promise<TestStudio & { saved: unknown[]; closed: () => number }> {
  const saved: unknown[] = [];
  const page = createTestStudio({
    "PATCH /blobs/*": (body) => {
      saved.push(body);
      const { base_revision } = body as { base_revision: number };
      if (base_revision === 1) return { status: 409, code: "conflict", detail: "Changed.", current: THEIRS };
      return { ...THEIRS, ...(body as object), revision: 3 };
    },
  });
  const { drafts } = page.studio;
  drafts.applyServerVersion(BASE);
  drafts.changeText("blob-1", mine);
  await drafts.flush("blob-1");
  let closed = 0;
  page.show(
    <Dialog>
      <ConflictDialog
        draftKey="blob-1"
        close={() => {
          closed += 1;
        }}
      />
    </Dialog>,
  );
  return { ...page, saved, closed: () => closed };
}

test("both versions are there, with the words marked that differ", async () => {
  await showConflict("The ship sank\n\nsailed.");
  const theirs = screen.getByRole("region", { name: "Theirs" });
  expect(theirs.querySelector("mark")?.textContent).toContain("old");
  expect(screen.getByRole("region", { name: "Mine" }).textContent).toContain("sank");
});

test("changes that fit together are merged, and saved on top of theirs", async () => {
  const { user, saved, closed } = await showConflict("The ship sank\n\nsailed.");
  await user.click(screen.getByRole("button", { name: "Merge: both changes fit together" }));
  expect(screen.getByRole("textbox")).toHaveProperty("value", "The old ship sank\n\nsailed.");
  await user.click(screen.getByRole("button", { name: "Save the merged text" }));
  expect(closed()).toBe(1);
  await waitFor(() => expect(saved.at(-1)).toMatchObject({ base_revision: 2 }));
});

test("taking theirs sets mine aside", async () => {
  const { user, studio } = await showConflict("The ship sank\n\nsailed.");
  await user.click(screen.getByRole("button", { name: "Take theirs" }));
  expect(studio.setAsideTexts.get()).toMatchObject([{ text: "The ship sank\n\nsailed." }]);
  expect(studio.drafts.get("blob-1")).toMatchObject({ text: "The old ship\n\nsailed.", state: { kind: "saved" } });
  expect(screen.getByText("This is decided already.")).toBeTruthy();
});
