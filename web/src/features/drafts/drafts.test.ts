import { beforeEach, expect, test } from "vitest";
import { contentOf } from "../../api/blobContent";
import { Problem } from "../../api/errors";
import type { StoredDraft } from "./draft";
import { FakeBrowser, settle } from "./fakeBrowser.fixture";
import { blob, type FakeServer } from "./fakeServer.fixture";

let browser: FakeBrowser;
let server: FakeServer;
let storage: Map<string, StoredDraft>;

const openWindow = () => browser.openWindow();
const openNote = () => browser.openNote();
const wait = (milliseconds: number) => browser.wait(milliseconds);

beforeEach(() => {
  browser = new FakeBrowser();
  ({ server, storage } = browser);
});

test("what is typed is saved after a pause, and said to be saved only then", async () => {
  const drafts = openNote();
  drafts.changeText("blob-1", "The ship sailed");
  expect(drafts.get("blob-1")?.state.kind).toBe("saving");
  await wait(399);
  expect(server.saves).toBe(0);
  await wait(1);
  expect(server.text()).toBe("The ship sailed");
  expect(drafts.get("blob-1")?.state.kind).toBe("saved");
  expect(storage.size).toBe(0);
});

test("fields of the note that the page does not know are kept", async () => {
  const drafts = openNote();
  drafts.changeText("blob-1", "The ship sailed");
  await wait(400);
  expect(server.blobs.get("blob-1")?.data).toEqual({ content: "The ship sailed", style: "creative" });
});

test("somebody who types without pausing is saved all the same", async () => {
  const drafts = openNote();
  for (let stroke = 0; stroke < 30; stroke += 1) {
    drafts.changeText("blob-1", `The ship ${"x".repeat(stroke + 1)}`);
    await wait(100);
  }
  expect(server.saves).toBeGreaterThan(0);
});

test("one save is in flight at a time, and what was typed meanwhile follows", async () => {
  const drafts = openNote();
  let open: () => void = () => undefined;
  server.gate = new Promise((done) => {
    open = done;
  });
  drafts.changeText("blob-1", "The ship sailed");
  await wait(400);
  drafts.changeText("blob-1", "The ship sailed on");
  await wait(5_000);
  expect(server.saves).toBe(1);
  open();
  await settle();
  expect(drafts.get("blob-1")?.state.kind).toBe("saving");
  await wait(400);
  expect(server.text()).toBe("The ship sailed on");
  expect(server.mostWriting).toBe(1);
});

test("without a line the text is kept, its age is known, and it is saved when the line is back", async () => {
  const drafts = openNote();
  server.network = "down";
  const typed = browser.clock.at;
  drafts.changeText("blob-1", "Written on the train");
  await wait(10_000);
  expect(drafts.get("blob-1")?.state).toMatchObject({ kind: "offline", since: typed });
  expect(storage.get("blob-1")?.text).toBe("Written on the train");
  server.network = "up";
  drafts.retry();
  await settle();
  expect(server.text()).toBe("Written on the train");
  expect(drafts.get("blob-1")?.state.kind).toBe("saved");
});

test("a save whose answer got lost is not taken for somebody else's", async () => {
  const drafts = openNote();
  server.network = "answer lost";
  drafts.changeText("blob-1", "One");
  await wait(400);
  drafts.changeText("blob-1", "One, two");
  server.network = "up";
  await wait(1_000);
  await wait(400);
  expect(drafts.get("blob-1")?.state.kind).toBe("saved");
  expect(server.text()).toBe("One, two");
});

test("going back to the saved text is not a save, unless one may have got through", async () => {
  const drafts = openNote();
  drafts.changeText("blob-1", "The ship sailed");
  drafts.changeText("blob-1", "The ship");
  expect(drafts.get("blob-1")?.state.kind).toBe("saved");
  server.network = "answer lost";
  drafts.changeText("blob-1", "The ship sank");
  await wait(400);
  drafts.changeText("blob-1", "The ship");
  server.network = "up";
  await wait(2_000);
  expect(server.text()).toBe("The ship");
  expect(drafts.get("blob-1")?.state.kind).toBe("saved");
});

test("when somebody else was faster, both texts are there and nothing is sent until it is decided", async () => {
  const drafts = openNote();
  server.put(blob("Theirs", 2));
  drafts.changeText("blob-1", "Mine");
  await wait(400);
  expect(drafts.get("blob-1")).toMatchObject({ text: "Mine", state: { kind: "conflict" } });
  const saves = server.saves;
  drafts.changeText("blob-1", "Mine, and more");
  await wait(10_000);
  expect(server.saves).toBe(saves);
  expect(server.text()).toBe("Theirs");
  expect(storage.get("blob-1")?.text).toBe("Mine, and more");
});

test("writing my way back to the old text does not decide a conflict", async () => {
  const drafts = openNote();
  server.put(blob("Theirs", 2));
  drafts.changeText("blob-1", "Mine");
  await wait(400);
  drafts.changeText("blob-1", "The ship");
  expect(drafts.get("blob-1")?.state.kind).toBe("conflict");
});

test("keeping mine saves it on top of theirs", async () => {
  const drafts = openNote();
  server.put(blob("Theirs", 2));
  drafts.changeText("blob-1", "Mine");
  await wait(400);
  drafts.resolveConflict("blob-1", "Mine");
  await settle();
  expect(server.blobs.get("blob-1")).toMatchObject({ revision: 3, data: { content: "Mine" } });
  expect(browser.setAsideTexts).toEqual([]);
});

test("taking theirs sets mine aside", async () => {
  const drafts = openNote();
  server.put(blob("Theirs", 2));
  drafts.changeText("blob-1", "Mine");
  await wait(400);
  drafts.resolveConflict("blob-1", "Theirs");
  expect(drafts.get("blob-1")).toMatchObject({ text: "Theirs", state: { kind: "saved" } });
  expect(browser.setAsideTexts).toEqual(["Mine"]);
});

test("a newer version shows while nothing is unsaved, and waits while something is", () => {
  const drafts = openNote();
  drafts.applyServerVersion(blob("From the other device", 2));
  expect(drafts.get("blob-1")?.text).toBe("From the other device");
  drafts.changeText("blob-1", "Mine");
  drafts.applyServerVersion(blob("Again from the other device", 3));
  expect(drafts.get("blob-1")?.text).toBe("Mine");
});

test("an older version that arrives late changes nothing", () => {
  const drafts = openNote();
  drafts.applyServerVersion(blob("Newer", 5));
  drafts.applyServerVersion(blob("Older", 4));
  expect(drafts.get("blob-1")?.text).toBe("Newer");
});

test("the echo of our own save is not read again, somebody else's change is", async () => {
  const drafts = openNote();
  let open: () => void = () => undefined;
  server.gate = new Promise((done) => {
    open = done;
  });
  drafts.changeText("blob-1", "Mine");
  await wait(400);
  expect(drafts.handleAnnounced("blob-1", 2)).toBe(false);
  open();
  await settle();
  expect(browser.readBlobs).toEqual([]);
  expect(drafts.handleAnnounced("blob-1", 2)).toBe(false);
  expect(drafts.handleAnnounced("blob-1", 3)).toBe(true);
});

test("a new note is made with its first words, once, even when the answer gets lost", async () => {
  const drafts = openWindow();
  const key = drafts.startNote("bucket-1");
  await wait(20_000);
  expect(server.saves).toBe(0);
  server.network = "answer lost";
  drafts.changeText(key, "The storm");
  await wait(1_500);
  drafts.changeText(key, "The storm came");
  server.network = "up";
  await wait(5_000);
  expect([...server.blobs.values()].map(contentOf)).toEqual(["The storm came"]);
  expect(drafts.get(key)).toMatchObject({ blobId: "blob-1", state: { kind: "saved" } });
  expect(drafts.keyOf("blob-1")).toBe(key);
});

test("a new note is in its bucket until the server's list has it", async () => {
  const drafts = openWindow();
  const key = drafts.startNote("bucket-1");
  drafts.changeText(key, "The storm");
  await wait(1_500);
  expect(drafts.unlistedIn("bucket-1").map((draft) => draft.key)).toEqual([key]);
  drafts.markListed("bucket-1", ["blob-1"]);
  expect(drafts.unlistedIn("bucket-1")).toEqual([]);
});

test("a note that was made here, trashed and restored is there again", async () => {
  const drafts = openWindow();
  const key = drafts.startNote("bucket-1", "The storm");
  await wait(1_500);
  drafts.discard(key);
  drafts.applyServerVersion(blob("The storm", 3));
  expect(drafts.get(drafts.keyOf("blob-1"))?.text).toBe("The storm");
});

test("a window that crashed leaves its text to the next one", async () => {
  const drafts = openNote();
  server.network = "down";
  drafts.changeText("blob-1", "Before the crash");
  await wait(3_000);
  server.network = "up";
  const left = [...storage.values()];
  const next = openWindow();
  for (const stored of left) next.resume(stored);
  await settle();
  expect(server.text()).toBe("Before the crash");
  expect(next.get("blob-1")?.state.kind).toBe("saved");
  expect(storage.size).toBe(0);
});

test("text from a crashed window meets what was written since as a conflict, not as a loss", async () => {
  const drafts = openNote();
  server.network = "down";
  drafts.changeText("blob-1", "Before the crash");
  await wait(3_000);
  server.network = "up";
  server.put(blob("Since then", 2));
  const next = openWindow();
  for (const stored of [...storage.values()]) next.resume(stored);
  await settle();
  expect(next.get("blob-1")).toMatchObject({ text: "Before the crash", state: { kind: "conflict" } });
  expect(server.text()).toBe("Since then");
});

test("a refusal says why, keeps the text, and is tried again when it is changed", async () => {
  const drafts = openNote();
  server.refusal = new Problem({ status: 413, code: "too_much", detail: "This is larger than is allowed." });
  drafts.changeText("blob-1", "Far too long");
  await wait(400);
  expect(drafts.get("blob-1")).toMatchObject({
    text: "Far too long",
    state: { kind: "refused", detail: "This is larger than is allowed." },
  });
  server.refusal = null;
  drafts.changeText("blob-1", "Shorter");
  await wait(400);
  expect(server.text()).toBe("Shorter");
});

// The same refusal over REST, and as an error over the socket, which has no status of its own.
test.each([507, 409])(
  "while the studio has no room, text is kept and tried again until there is (%i)",
  async (status) => {
    const drafts = openNote();
    const key = drafts.startNote("bucket-1");
    const detail = "Nothing new is written until there is room.";
    server.refusal = new Problem({ status, code: "fault", detail, extensions: { reason: "storage_full" } });
    drafts.changeText("blob-1", "The ship sailed");
    drafts.changeText(key, "The storm");
    await wait(60_000);
    drafts.changeText("blob-1", "The ship sailed on");
    drafts.changeText(key, "The storm came");
    await wait(600_000);
    for (const held of ["blob-1", key]) expect(drafts.get(held)?.state).toMatchObject({ kind: "offline", detail });
    expect([...storage.values()].map((draft) => draft.text)).toEqual(["The ship sailed on", "The storm came"]);
    server.refusal = null;
    await wait(15_000 + 400); // the longest wait, and the pause before what was typed since
    expect([...server.blobs.values()].map(contentOf)).toEqual(["The ship sailed on", "The storm came"]);
    for (const held of ["blob-1", key]) expect(drafts.get(held)?.state.kind).toBe("saved");
    expect(storage.size).toBe(0);
  },
);

test("a note that was trashed elsewhere while it was being written can become a note of its own", async () => {
  const drafts = openNote();
  drafts.markListed("bucket-1", ["blob-1"]);
  drafts.changeText("blob-1", "Still wanted");
  server.blobs.delete("blob-1");
  drafts.handleRemoved("blob-1");
  await wait(400);
  expect(drafts.get("blob-1")?.state).toMatchObject({ kind: "refused", status: 404 });
  expect(drafts.unlistedIn("bucket-1").map((draft) => draft.text)).toEqual(["Still wanted"]);
  drafts.saveAsNewNote("blob-1", "bucket-1");
  await wait(1_500);
  expect([...server.blobs.values()].map(contentOf)).toEqual(["Still wanted"]);
});

test("a full storage is admitted", () => {
  const drafts = openNote();
  browser.isStorageFull = true;
  drafts.changeText("blob-1", "Nowhere to keep this");
  expect(drafts.get("blob-1")?.isStored).toBe(false);
});

test("settling waits for the last word, and says so when it cannot", async () => {
  const drafts = openNote();
  drafts.changeText("blob-1", "The last word");
  expect(await drafts.flush("blob-1")).toBe(true);
  expect(server.text()).toBe("The last word");
  server.network = "down";
  drafts.changeText("blob-1", "And one more");
  expect(await drafts.flush("blob-1")).toBe(false);
});

test("what is unsaved is handed over when the page goes away", async () => {
  const drafts = openNote();
  drafts.changeText("blob-1", "Just before closing");
  drafts.sendAll();
  await settle();
  expect(server.text()).toBe("Just before closing");
});

test("what is typed into a note that went to the trash elsewhere waits for it to come back", async () => {
  const drafts = openWindow();
  server.put(blob("Once", 1));
  drafts.applyServerVersion(blob("Once", 1));
  server.put({ ...blob("Once", 2), trashed_at: "2026-01-01T00:00:00Z" });
  drafts.changeText("blob-1", "Once more");
  await wait(5_000);
  expect(drafts.get("blob-1")?.state.kind).toBe("refused");
  expect(server.saves).toBe(1);
  server.put(blob("Once", 3));
  drafts.retry("blob-1");
  await settle();
  await wait(5_000);
  expect(server.text()).toBe("Once more");
  expect(drafts.get("blob-1")?.state.kind).toBe("saved");
});

test.each(["up", "down"] as const)(
  "what was on its way for somebody who is gone is neither sent again nor kept (%s)",
  async (line) => {
    const drafts = openNote();
    let open = () => {};
    server.gate = new Promise((done) => {
      open = done;
    });
    drafts.changeText("blob-1", "Of somebody who leaves now");
    await wait(1_000);
    drafts.clear();
    const stored = structuredClone([...storage.values()]);
    server.network = line;
    open();
    await wait(60_000);
    expect(server.saves).toBe(1);
    expect([...storage.values()]).toEqual(stored); // for whoever wrote it, when they come back
    expect(drafts.unsaved()).toEqual([]);
  },
);
