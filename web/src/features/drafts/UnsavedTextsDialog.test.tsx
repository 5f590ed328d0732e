// @vitest-environment jsdom
import { act, screen, within } from "@testing-library/react";
import { Dialog } from "react-aria-components";
import { expect, test } from "vitest";
import { createTestStudio, type TestStudio } from "../../testing/studio.fixture";
import { UnsavedTextsDialog } from "./UnsavedTextsDialog";

function showTexts(): TestStudio {
  const page = createTestStudio();
  page.show(
    <Dialog>
      <UnsavedTextsDialog close={() => page.dialogs.push(null)} />
    </Dialog>,
  );
  return page;
}

test("with nothing unsaved it says so", () => {
  showTexts();
  expect(screen.getByText("Everything you wrote is saved, and nothing is set aside.")).toBeTruthy();
});

test("an unsaved text is listed with where it is, and opened", async () => {
  const { studio, user } = showTexts();
  act(() => {
    studio.drafts.startNote("bucket-1", "The storm");
  });
  const item = within(screen.getByRole("list", { name: "Unsaved" })).getByRole("listitem");
  expect(item.textContent).toContain("The storm");
  expect(item.textContent).toContain("On its way to the studio.");
  await user.click(within(item).getByRole("button", { name: "Open" }));
  expect(studio.route.current.get()).toBe("bucket-1");
});

test("a text that was set aside stays until it is thrown away", async () => {
  const { studio, user } = showTexts();
  act(() => studio.setAsideTexts.set(() => [{ id: "1", text: "Mine", reason: "Replaced", at: 0 }]));
  expect(screen.getByRole("list", { name: "Set aside" }).textContent).toContain("Mine");
  await user.click(screen.getByRole("button", { name: "Throw away" }));
  expect(studio.setAsideTexts.get()).toEqual([]);
});
