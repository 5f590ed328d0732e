// @vitest-environment jsdom
import { screen } from "@testing-library/react";
import { Dialog } from "react-aria-components";
import { expect, test } from "vitest";
import { sampleNode } from "../../api/samples.fixture";
import { createTestStudio, type TestStudio } from "../../testing/studio.fixture";
import { CommandPalette } from "./CommandPalette";

const PATH = [
  { id: "bucket-novel", name: "Novel", type: "book" },
  { id: "bucket-storm", name: "The Störm", type: "chapter" },
];
const LIGHTHOUSE = {
  kind: "blob",
  id: "blob-1",
  title: "The keeper",
  snippet: [
    { text: "She climbed the ", match: false },
    { text: "lighthouse", match: true },
  ],
  paths: [PATH],
};

function showPalette(hits: unknown[] = [LIGHTHOUSE]): TestStudio {
  const storm = sampleNode({ id: "bucket-storm", name: "The Störm", type: "chapter" });
  const tree = [sampleNode({ id: "bucket-novel", name: "Novel", type: "book", children: [storm] })];
  const page = createTestStudio({
    "GET /tree": () => ({ items: tree, next_cursor: null }),
    "GET /search": () => ({ items: hits, next_cursor: null }),
  });
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
  const [found] = screen.getAllByRole("menuitem");
  expect(found?.textContent).toBe("The StörmNovel");
  if (found) await user.click(found);
  expect(studio.route.current.get()).toBe("bucket-storm");
});

test("a text is found by its words, with the passage and its path, and its bucket is opened", async () => {
  const { user, studio } = showPalette();
  await user.type(screen.getByRole("searchbox"), "lighthuose");
  const found = await screen.findByRole("menuitem", { name: /The keeper/ });
  expect(found.textContent).toBe("The keeperShe climbed the lighthouseNovel › The Störm");
  expect(found.querySelector("mark")?.textContent).toBe("lighthouse");
  await user.click(found);
  expect(studio.route.current.get()).toBe("bucket-storm");
});

test("a command is found by its name, and opens its dialog", async () => {
  const { user, dialogs } = showPalette();
  await user.type(screen.getByRole("searchbox"), "new buck");
  await user.click(screen.getByRole("menuitem", { name: "New bucket at the top" }));
  expect(dialogs).toEqual([{ kind: "create-bucket", parentId: null }]);
});

test("what nobody has is said not to be there", async () => {
  const { user } = showPalette([]);
  await user.type(screen.getByRole("searchbox"), "zzz");
  expect(screen.getByText("Nothing found.")).toBeTruthy();
});
