import { beforeEach, expect, test } from "vitest";
import type { Kept } from "./draft";
import { Drafts } from "./drafts";
import { blob, House } from "./house.fixture";
import { contentOf } from "./nouns";
import { Problem } from "./problem";

let house: House;
let shelf: Map<string, Kept>;
let asides: string[];
let reads: string[];
let clock: { at: number; timers: { due: number; then: () => void }[] };
let storageFull: boolean;

function window(): Drafts {
  return new Drafts({
    save: (id, data, base) => house.save(id, data, base),
    create: (key, bucket, data) => house.create(key, bucket, data),
    read: (id) => reads.push(id),
    keep: (kept) => {
      if (!storageFull) shelf.set(kept.key, structuredClone(kept));
      return !storageFull;
    },
    drop: (key) => shelf.delete(key),
    setAside: (text) => asides.push(text),
    created: () => undefined,
    now: () => clock.at,
    after: (milliseconds, then) => {
      const timer = { due: clock.at + milliseconds, then };
      clock.timers.push(timer);
      return () => {
        clock.timers = clock.timers.filter((other) => other !== timer);
      };
    },
  });
}

/** Lets this much time pass, timer by timer, and everything that follows from each settle. */
async function passes(milliseconds: number): Promise<void> {
  const until = clock.at + milliseconds;
  for (;;) {
    const next = clock.timers.filter((timer) => timer.due <= until).sort((one, other) => one.due - other.due)[0];
    if (!next) break;
    clock.timers = clock.timers.filter((timer) => timer !== next);
    clock.at = Math.max(clock.at, next.due);
    next.then();
    await settled();
  }
  clock.at = until;
  await settled();
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

function opened(): Drafts {
  const drafts = window();
  drafts.learn(house.put(blob("The ship", 1)));
  return drafts;
}

beforeEach(() => {
  house = new House();
  shelf = new Map();
  asides = [];
  reads = [];
  clock = { at: 1_000_000, timers: [] };
  storageFull = false;
});

test("what is typed is saved after a pause, and said to be saved only then", async () => {
  const drafts = opened();
  drafts.type("blob-1", "The ship sailed");
  expect(drafts.draft("blob-1")?.state.kind).toBe("saving");
  await passes(399);
  expect(house.saves).toBe(0);
  await passes(1);
  expect(house.text()).toBe("The ship sailed");
  expect(drafts.draft("blob-1")?.state.kind).toBe("saved");
  expect(shelf.size).toBe(0);
});

test("fields of the note that the page does not know are kept", async () => {
  const drafts = opened();
  drafts.type("blob-1", "The ship sailed");
  await passes(400);
  expect(house.blobs.get("blob-1")?.data).toEqual({ content: "The ship sailed", style: "creative" });
});

test("somebody who types without pausing is saved all the same", async () => {
  const drafts = opened();
  for (let stroke = 0; stroke < 30; stroke += 1) {
    drafts.type("blob-1", `The ship ${"x".repeat(stroke + 1)}`);
    await passes(100);
  }
  expect(house.saves).toBeGreaterThan(0);
});

test("one save is in flight at a time, and what was typed meanwhile follows", async () => {
  const drafts = opened();
  let open: () => void = () => undefined;
  house.gate = new Promise((done) => {
    open = done;
  });
  drafts.type("blob-1", "The ship sailed");
  await passes(400);
  drafts.type("blob-1", "The ship sailed on");
  await passes(5_000);
  expect(house.saves).toBe(1);
  open();
  await settled();
  expect(drafts.draft("blob-1")?.state.kind).toBe("saving");
  await passes(400);
  expect(house.text()).toBe("The ship sailed on");
  expect(house.mostBusy).toBe(1);
});

test("without a line the text is kept, its age is known, and it is saved when the line is back", async () => {
  const drafts = opened();
  house.line = "down";
  const typed = clock.at;
  drafts.type("blob-1", "Written on the train");
  await passes(10_000);
  expect(drafts.draft("blob-1")?.state).toMatchObject({ kind: "offline", since: typed });
  expect(shelf.get("blob-1")?.text).toBe("Written on the train");
  house.line = "up";
  drafts.retry();
  await settled();
  expect(house.text()).toBe("Written on the train");
  expect(drafts.draft("blob-1")?.state.kind).toBe("saved");
});

test("a save whose answer got lost is not taken for somebody else's", async () => {
  const drafts = opened();
  house.line = "answer lost";
  drafts.type("blob-1", "One");
  await passes(400);
  drafts.type("blob-1", "One, two");
  house.line = "up";
  await passes(1_000);
  await passes(400);
  expect(drafts.draft("blob-1")?.state.kind).toBe("saved");
  expect(house.text()).toBe("One, two");
});

test("going back to the saved text is not a save, unless one may have got through", async () => {
  const drafts = opened();
  drafts.type("blob-1", "The ship sailed");
  drafts.type("blob-1", "The ship");
  expect(drafts.draft("blob-1")?.state.kind).toBe("saved");
  house.line = "answer lost";
  drafts.type("blob-1", "The ship sank");
  await passes(400);
  drafts.type("blob-1", "The ship");
  house.line = "up";
  await passes(2_000);
  expect(house.text()).toBe("The ship");
  expect(drafts.draft("blob-1")?.state.kind).toBe("saved");
});

test("when somebody else was faster, both texts are there and nothing is sent until it is decided", async () => {
  const drafts = opened();
  house.put(blob("Theirs", 2));
  drafts.type("blob-1", "Mine");
  await passes(400);
  expect(drafts.draft("blob-1")).toMatchObject({ text: "Mine", state: { kind: "conflict" } });
  const saves = house.saves;
  drafts.type("blob-1", "Mine, and more");
  await passes(10_000);
  expect(house.saves).toBe(saves);
  expect(house.text()).toBe("Theirs");
  expect(shelf.get("blob-1")?.text).toBe("Mine, and more");
});

test("writing my way back to the old text does not decide a conflict", async () => {
  const drafts = opened();
  house.put(blob("Theirs", 2));
  drafts.type("blob-1", "Mine");
  await passes(400);
  drafts.type("blob-1", "The ship");
  expect(drafts.draft("blob-1")?.state.kind).toBe("conflict");
});

test("keeping mine saves it on top of theirs", async () => {
  const drafts = opened();
  house.put(blob("Theirs", 2));
  drafts.type("blob-1", "Mine");
  await passes(400);
  drafts.resolve("blob-1", "Mine");
  await settled();
  expect(house.blobs.get("blob-1")).toMatchObject({ revision: 3, data: { content: "Mine" } });
  expect(asides).toEqual([]);
});

test("taking theirs sets mine aside", async () => {
  const drafts = opened();
  house.put(blob("Theirs", 2));
  drafts.type("blob-1", "Mine");
  await passes(400);
  drafts.resolve("blob-1", "Theirs");
  expect(drafts.draft("blob-1")).toMatchObject({ text: "Theirs", state: { kind: "saved" } });
  expect(asides).toEqual(["Mine"]);
});

test("a newer version shows while nothing is unsaved, and waits while something is", () => {
  const drafts = opened();
  drafts.learn(blob("From the other device", 2));
  expect(drafts.draft("blob-1")?.text).toBe("From the other device");
  drafts.type("blob-1", "Mine");
  drafts.learn(blob("Again from the other device", 3));
  expect(drafts.draft("blob-1")?.text).toBe("Mine");
});

test("an older version that arrives late changes nothing", () => {
  const drafts = opened();
  drafts.learn(blob("Newer", 5));
  drafts.learn(blob("Older", 4));
  expect(drafts.draft("blob-1")?.text).toBe("Newer");
});

test("the echo of our own save is not read again, somebody else's change is", async () => {
  const drafts = opened();
  let open: () => void = () => undefined;
  house.gate = new Promise((done) => {
    open = done;
  });
  drafts.type("blob-1", "Mine");
  await passes(400);
  expect(drafts.hearsOf("blob-1", 2)).toBe(false);
  open();
  await settled();
  expect(reads).toEqual([]);
  expect(drafts.hearsOf("blob-1", 2)).toBe(false);
  expect(drafts.hearsOf("blob-1", 3)).toBe(true);
});

test("a new note is made with its first words, once, even when the answer gets lost", async () => {
  const drafts = window();
  const key = drafts.start("bucket-1");
  await passes(20_000);
  expect(house.saves).toBe(0);
  house.line = "answer lost";
  drafts.type(key, "The storm");
  await passes(1_500);
  drafts.type(key, "The storm came");
  house.line = "up";
  await passes(5_000);
  expect([...house.blobs.values()].map(contentOf)).toEqual(["The storm came"]);
  expect(drafts.draft(key)).toMatchObject({ blobId: "blob-1", state: { kind: "saved" } });
  expect(drafts.keyOf("blob-1")).toBe(key);
});

test("a new note is in its bucket until the server's list has it", async () => {
  const drafts = window();
  const key = drafts.start("bucket-1");
  drafts.type(key, "The storm");
  await passes(1_500);
  expect(drafts.loose("bucket-1").map((draft) => draft.key)).toEqual([key]);
  drafts.listed("bucket-1", ["blob-1"]);
  expect(drafts.loose("bucket-1")).toEqual([]);
});

test("a note that was made here, trashed and restored is there again", async () => {
  const drafts = window();
  const key = drafts.start("bucket-1", "The storm");
  await passes(1_500);
  drafts.forget(key);
  drafts.learn(blob("The storm", 3));
  expect(drafts.draft(drafts.keyOf("blob-1"))?.text).toBe("The storm");
});

test("a window that crashed leaves its text to the next one", async () => {
  const drafts = opened();
  house.line = "down";
  drafts.type("blob-1", "Before the crash");
  await passes(3_000);
  house.line = "up";
  const left = [...shelf.values()];
  const next = window();
  for (const kept of left) next.adopt(kept);
  await settled();
  expect(house.text()).toBe("Before the crash");
  expect(next.draft("blob-1")?.state.kind).toBe("saved");
  expect(shelf.size).toBe(0);
});

test("text from a crashed window meets what was written since as a conflict, not as a loss", async () => {
  const drafts = opened();
  house.line = "down";
  drafts.type("blob-1", "Before the crash");
  await passes(3_000);
  house.line = "up";
  house.put(blob("Since then", 2));
  const next = window();
  for (const kept of [...shelf.values()]) next.adopt(kept);
  await settled();
  expect(next.draft("blob-1")).toMatchObject({ text: "Before the crash", state: { kind: "conflict" } });
  expect(house.text()).toBe("Since then");
});

test("a refusal says why, keeps the text, and is tried again when it is changed", async () => {
  const drafts = opened();
  house.refusal = new Problem(413, "too_much", "This is larger than is allowed.");
  drafts.type("blob-1", "Far too long");
  await passes(400);
  expect(drafts.draft("blob-1")).toMatchObject({
    text: "Far too long",
    state: { kind: "refused", detail: "This is larger than is allowed." },
  });
  house.refusal = null;
  drafts.type("blob-1", "Shorter");
  await passes(400);
  expect(house.text()).toBe("Shorter");
});

test("a note that was trashed elsewhere while it was being written can become a note of its own", async () => {
  const drafts = opened();
  drafts.listed("bucket-1", ["blob-1"]);
  drafts.type("blob-1", "Still wanted");
  house.blobs.delete("blob-1");
  drafts.lost("blob-1");
  await passes(400);
  expect(drafts.draft("blob-1")?.state).toMatchObject({ kind: "refused", status: 404 });
  expect(drafts.loose("bucket-1").map((draft) => draft.text)).toEqual(["Still wanted"]);
  drafts.saveAsNew("blob-1", "bucket-1");
  await passes(1_500);
  expect([...house.blobs.values()].map(contentOf)).toEqual(["Still wanted"]);
});

test("a full storage is admitted", () => {
  const drafts = opened();
  storageFull = true;
  drafts.type("blob-1", "Nowhere to keep this");
  expect(drafts.draft("blob-1")?.kept).toBe(false);
});

test("settling waits for the last word, and says so when it cannot", async () => {
  const drafts = opened();
  drafts.type("blob-1", "The last word");
  expect(await drafts.settle("blob-1")).toBe(true);
  expect(house.text()).toBe("The last word");
  house.line = "down";
  drafts.type("blob-1", "And one more");
  expect(await drafts.settle("blob-1")).toBe(false);
});

test("what is unsaved is handed over when the page goes away", async () => {
  const drafts = opened();
  drafts.type("blob-1", "Just before closing");
  drafts.drain();
  await settled();
  expect(house.text()).toBe("Just before closing");
});

test("what is typed into a note that went to the trash elsewhere waits for it to come back", async () => {
  const drafts = window();
  house.put(blob("Once", 1));
  drafts.learn(blob("Once", 1));
  house.put({ ...blob("Once", 2), trashed_at: "2026-01-01T00:00:00Z" });
  drafts.type("blob-1", "Once more");
  await passes(5_000);
  expect(drafts.draft("blob-1")?.state.kind).toBe("refused");
  expect(house.saves).toBe(1);
  house.put(blob("Once", 3));
  drafts.retry("blob-1");
  await settled();
  await passes(5_000);
  expect(house.text()).toBe("Once more");
  expect(drafts.draft("blob-1")?.state.kind).toBe("saved");
});
