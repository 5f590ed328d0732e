import { beforeEach, expect, test } from "vitest";
import type { ApiClient } from "../../api/client";
import type { Connection } from "../../api/connection";
import { Problem } from "../../api/errors";
import { sampleEntry } from "../../api/samples.fixture";
import type { JournalAct, JournalEntry } from "../../api/types";
import { Notices } from "../../studio/notices";
import { UndoRedo } from "./undoRedo";

let requests: [string, Record<string, unknown>][];
let journal: JournalEntry[];
let refusal: Problem | null;
let opened: string[];
let notices: Notices;

function entry(act: JournalAct, fields: Partial<JournalEntry> = {}): JournalEntry {
  return sampleEntry({ act, ...fields });
}

function create(): UndoRedo {
  const connection = {
    request: (action: string, fields: Record<string, unknown>) => {
      requests.push([action, fields]);
      return refusal && !("skip" in fields) ? Promise.reject(refusal) : Promise.resolve({ entry: journal[0] });
    },
  } as unknown as Connection;
  const api = {
    listNewestJournalEntries: () => Promise.resolve({ items: journal, next_cursor: null }),
  } as unknown as ApiClient;
  const names = { bucket: (id: string) => (id === "bucket-2" ? "Chapter 2" : undefined), note: () => undefined };
  return new UndoRedo({ api, connection, notices, names, open: (id) => opened.push(id) });
}

function shownText(): string | undefined {
  return notices.shown.get().at(-1)?.text;
}

function actionOf(label: string): () => void {
  const action = notices.shown
    .get()
    .at(-1)
    ?.actions.find((one) => one.label === label);
  if (!action) throw new Error(`${label} is not offered`);
  return action.run;
}

function refused(detail: string, extensions: Record<string, unknown>): Problem {
  return new Problem({ status: 409, code: "conflict", detail, extensions });
}

beforeEach(() => {
  [requests, journal, refusal, opened] = [[], [], null, []];
  notices = new Notices();
});

test("undo says what was undone", async () => {
  journal = [entry("move_bucket", { bucket_id: "bucket-2", name: "Chapter 2" })];
  await create().undo();
  expect(shownText()).toBe("Undone: moved “Chapter 2”.");
});

test("a refusal says what stands in the way, shows it, and can be passed", async () => {
  journal = [entry("move_bucket", { name: "Chapter 1" })];
  const extensions = { bucket_id: "bucket-2", entry_id: "act-1" };
  refusal = refused("Chapter 2 was changed meanwhile.", extensions);
  await create().undo();
  expect(shownText()).toBe("Not undone. Chapter 2 was changed meanwhile.");
  actionOf("Show it")();
  expect(opened).toEqual(["bucket-2"]);
  actionOf("Skip it")();
  await expect.poll(() => requests.map(([, resolution]) => resolution)).toEqual([{}, { skip: "act-1" }, {}]);
});

test("what came into a bucket since may go along, once that is said", async () => {
  const extensions = { reason: "came_in_since", entry_id: "act-1" };
  refusal = refused("Scene was created in it since; move it first.", extensions);
  await create().undo();
  actionOf("Undo anyway")();
  await expect.poll(() => requests.at(-1)).toEqual(["undo", { anyway: "act-1" }]);
});

test("the undo of a message goes over the journal while nothing else was done since", async () => {
  journal = [entry("create_bucket", { undone: true }), entry("trash_blob", { blob_id: "blob-1" })];
  create()
    .noticeAction({ act: "trash_blob", id: "blob-1", inverse: () => opened.push("inverse") })
    .run();
  await expect.poll(() => requests).toEqual([["undo", {}]]);
  expect(opened).toEqual([]);
});

test("once something else was done, the undo of a message undoes what it speaks of", async () => {
  journal = [entry("create_bucket", { bucket_id: "bucket-9" }), entry("trash_blob", { blob_id: "blob-1" })];
  create()
    .noticeAction({ act: "trash_blob", id: "blob-1", inverse: () => opened.push("inverse") })
    .run();
  await expect.poll(() => opened).toEqual(["inverse"]);
  expect(requests).toEqual([]);
});
