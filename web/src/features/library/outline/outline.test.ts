import { expect, test } from "vitest";
import { sampleBlob, sampleBucket } from "../../../api/samples.fixture";
import type { ContentsItem } from "../../../api/types";
import type { Branch } from "../forest";
import { buildOutline, sortOutline } from "./outline";

const FLAT = { rank: "a", revision: 1, blobs: 0, children: [] };
const scene: Branch = { ...FLAT, id: "bucket-scene", name: "Scene", type: "scene", parent: "bucket-1" };
const one: Branch = {
  ...FLAT,
  id: "bucket-1",
  name: "Storm",
  type: "chapter",
  parent: "bucket-book",
  children: [scene],
};
const two: Branch = { ...FLAT, id: "bucket-2", name: "Calm", type: "chapter", parent: "bucket-book" };
const book: Branch = { ...FLAT, id: "bucket-book", name: "Novel", type: "book", parent: null, children: [one, two] };

const bucketIn = (parent: string, id: string, metadata = {}): ContentsItem => ({
  bucket: sampleBucket({ id, parent_bucket_id: parent, metadata }),
  blob: null,
  depth: 1,
  label: null,
  parent_bucket_id: parent,
});
const noteIn = (parent: string, content: string, schema_id = "text-input-v1"): ContentsItem => ({
  bucket: null,
  blob: sampleBlob({ schema_id, data: { content } }),
  depth: 2,
  label: null,
  parent_bucket_id: parent,
});

const rows = buildOutline(
  book,
  [
    noteIn("bucket-book", "About the whole."),
    bucketIn("bucket-book", "bucket-1", { target_words: 100 }),
    noteIn("bucket-1", "# Storm\n\nThe ship sailed."),
    noteIn("bucket-1", "Made by a processor.", "expanded-text-v1"),
    bucketIn("bucket-1", "bucket-scene"),
    noteIn("bucket-scene", "Nobody knew."),
    bucketIn("bucket-book", "bucket-2", { synopsis: "Nothing happens." }),
  ],
  new Map([["bucket-1", 1]]),
);

test("a chapter has the words of its notes and of all below it, its target, and its first line", () => {
  expect(rows[0]).toMatchObject({ number: 1, words: 6, notes: 2, target: 100, firstLine: "The ship sailed." });
});

test("a chapter without a note is there, with its synopsis", () => {
  expect(rows[1]).toMatchObject({ name: "Calm", words: 0, number: null, target: null, firstLine: "Nothing happens." });
});

test("rows are sorted by what they say, and stay in the order of the book otherwise", () => {
  expect(sortOutline(rows, "name", false).map(({ name }) => name)).toEqual(["Calm", "Storm"]);
  expect(sortOutline(rows, "words", true).map(({ name }) => name)).toEqual(["Storm", "Calm"]);
  expect(sortOutline(rows, "position", false)).toEqual(rows);
});
