import { beforeEach, expect, test } from "vitest";
import type { Api } from "../api";
import type { Socket } from "../socket";
import { Notices } from "./notices";
import type { ActName, JournalEntry } from "./nouns";
import { Problem } from "./problem";
import { Turns } from "./turns";

let asked: [string, Record<string, unknown>][];
let journal: JournalEntry[];
let refusal: Problem | null;
let gone: string[];
let notices: Notices;

function entry(act: ActName, fields: Partial<JournalEntry> = {}): JournalEntry {
  return { id: "act-1", act, bucket_id: null, blob_id: null, name: null, undone: false, ...fields };
}

function turns(): Turns {
  const socket = {
    ask: (action: string, fields: Record<string, unknown>) => {
      asked.push([action, fields]);
      return refusal && !("skip" in fields) ? Promise.reject(refusal) : Promise.resolve({ entry: journal[0] });
    },
  } as unknown as Socket;
  const api = { lastActs: () => Promise.resolve({ items: journal, next_cursor: null }) } as unknown as Api;
  const names = { bucket: (id: string) => (id === "bucket-2" ? "Chapter 2" : undefined), note: () => undefined };
  return new Turns(api, socket, notices, names, (id) => gone.push(id));
}

function said(): string | undefined {
  return notices.shown.get().at(-1)?.text;
}

function offers(label: string): () => void {
  const action = notices.shown
    .get()
    .at(-1)
    ?.actions.find((one) => one.label === label);
  if (!action) throw new Error(`${label} is not offered`);
  return action.act;
}

beforeEach(() => {
  [asked, journal, refusal, gone] = [[], [], null, []];
  notices = new Notices();
});

test("undo says what was undone", async () => {
  journal = [entry("move_bucket", { bucket_id: "bucket-2", name: "Chapter 2" })];
  await turns().undo();
  expect(said()).toBe("Undone: moved “Chapter 2”.");
});

test("a refusal says what stands in the way, shows it, and can be passed", async () => {
  journal = [entry("move_bucket", { name: "Chapter 1" })];
  const facts = { bucket_id: "bucket-2", entry_id: "act-1" };
  refusal = new Problem(409, "conflict", "Chapter 2 was changed meanwhile.", undefined, [], facts);
  await turns().undo();
  expect(said()).toBe("Not undone. Chapter 2 was changed meanwhile.");
  offers("Show it")();
  expect(gone).toEqual(["bucket-2"]);
  offers("Skip it")();
  await expect.poll(() => asked.map(([, how]) => how)).toEqual([{}, { skip: "act-1" }, {}]);
});

test("what came into a bucket since may go along, once that is said", async () => {
  const facts = { reason: "came_in_since", entry_id: "act-1" };
  refusal = new Problem(409, "conflict", "Scene was created in it since; move it first.", undefined, [], facts);
  await turns().undo();
  offers("Undo anyway")();
  await expect.poll(() => asked.at(-1)).toEqual(["undo", { anyway: "act-1" }]);
});

test("the undo of a message goes over the journal while nothing else was done since", async () => {
  journal = [entry("create_bucket", { undone: true }), entry("trash_blob", { blob_id: "blob-1" })];
  turns()
    .back("trash_blob", "blob-1", () => gone.push("inverse"))
    .act();
  await expect.poll(() => asked).toEqual([["undo", {}]]);
  expect(gone).toEqual([]);
});

test("once something else was done, the undo of a message undoes what it speaks of", async () => {
  journal = [entry("create_bucket", { bucket_id: "bucket-9" }), entry("trash_blob", { blob_id: "blob-1" })];
  turns()
    .back("trash_blob", "blob-1", () => gone.push("inverse"))
    .act();
  await expect.poll(() => gone).toEqual(["inverse"]);
  expect(asked).toEqual([]);
});
