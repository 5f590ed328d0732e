// @vitest-environment jsdom
import { screen } from "@testing-library/react";
import { Dialog } from "react-aria-components";
import { expect, test } from "vitest";
import { sampleNode } from "../../api/samples.fixture";
import { createTestStudio, type TestStudio } from "../../testing/studio.fixture";
import { CommandPalette } from "./CommandPalette";

function showPalette(): TestStudio {
  const storm = sampleNode({ id: "bucket-storm", name: "The Störm", type: "chapter" });
  const tree = [sampleNode({ id: "bucket-novel", name: "Novel", type: "book", children: [storm] })];
  const page = createTestStudio({ "GET /tree": () => ({ items: tree, next_cursor: null }) });
  page.show(
    <Dialog>
      <CommandPalette close={() => page.dialogs.push(null)} />
    </Dialog>,
  );
  return page;
}

test("a bucket is found by a part of its path, without its accents, and opened", async () => {
  const { user, studio } = showPalette();
  await screen.findByRole("menuitem", { name: /Novel/ });
  await user.type(screen.getByRole("searchbox"), "nov stor");
  expect(screen.getAllByRole("menuitem").map((item) => item.textContent)).toEqual(["The StörmNovel"]);
  await user.click(screen.getByRole("menuitem"));
  expect(studio.route.current.get()).toBe("bucket-storm");
});

test("a command is found by its name, and opens its dialog", async () => {
  const { user, dialogs } = showPalette();
  await user.type(screen.getByRole("searchbox"), "new buck");
  await user.click(screen.getByRole("menuitem", { name: "New bucket at the top" }));
  expect(dialogs).toEqual([{ kind: "create-bucket", parentId: null }]);
});

test("what nobody has is said not to be there", async () => {
  const { user } = showPalette();
  await user.type(screen.getByRole("searchbox"), "zzz");
  expect(screen.getByText("Nothing found.")).toBeTruthy();
});
