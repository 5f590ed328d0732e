import { expect, test } from "vitest";
import { FakeBrowser, settle } from "./fakeBrowser.fixture";
import { blob } from "./fakeServer.fixture";

const STORY = "The ship sailed.\n\nNobody had checked the pumps.";

test.each(["before it is saved", "by the save"])(
  "changes in two paragraphs are merged %s, and nobody is asked",
  async (when) => {
    const browser = new FakeBrowser();
    const { server } = browser;
    const drafts = browser.openNote(STORY);
    const theirs = server.put(blob(STORY.replace("ship", "old ship"), 2));
    drafts.changeText("blob-1", STORY.replace("pumps", "ropes"));
    if (when === "before it is saved") drafts.applyServerVersion(theirs);
    await browser.wait(1_000);
    expect(server.text()).toBe("The old ship sailed.\n\nNobody had checked the ropes.");
    expect(drafts.get("blob-1")).toMatchObject({ text: server.text(), state: { kind: "saved" } });
    expect(browser.setAsideTexts).toEqual([]);
  },
);

test("nothing is doubled when my own save, whose answer got lost, comes back with somebody's change", async () => {
  const browser = new FakeBrowser();
  const { server } = browser;
  const drafts = browser.openNote(STORY);
  server.network = "answer lost";
  drafts.changeText("blob-1", `${STORY} It was night.`);
  await browser.wait(400);
  server.put(blob(server.text().replace("ship", "old ship"), 3));
  server.network = "up";
  await browser.wait(2_000);
  expect(server.text()).toBe(`${STORY.replace("ship", "old ship")} It was night.`);
  expect(drafts.get("blob-1")?.state.kind).toBe("saved");
});

test("a note that goes to the trash elsewhere between two keystrokes stays, and takes the next ones", async () => {
  const browser = new FakeBrowser();
  const { server, storage } = browser;
  const drafts = browser.openNote("Once");
  drafts.changeText("blob-1", "Once upon");
  await browser.wait(400);
  server.put({ ...blob("Once upon", 3), trashed_at: "2026-01-01T00:00:00Z" });
  drafts.handleRemoved("blob-1");
  expect(drafts.get("blob-1")?.state).toMatchObject({ kind: "refused", status: 409 });
  drafts.changeText("blob-1", "Once upon a time");
  await browser.wait(1_000);
  expect(storage.get("blob-1")?.text).toBe("Once upon a time");
  server.put(blob("Once upon", 4));
  drafts.retry("blob-1");
  await settle();
  await browser.wait(1_000);
  expect(server.text()).toBe("Once upon a time");
});
