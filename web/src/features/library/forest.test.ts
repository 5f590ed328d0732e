import { expect, test } from "vitest";
import { sampleBucket, sampleNode } from "../../api/samples.fixture";
import type { Bucket, TreeNode } from "../../api/types";
import {
  buildForest,
  childrenOf,
  type Forest,
  findBuckets,
  neighbouringPosition,
  pathTo,
  positionOf,
  withBucket,
  withBucketMoved,
  withoutBucket,
  wouldContainItself,
} from "./forest";

function node(id: string, rank: string, children: TreeNode[] = []): TreeNode {
  return sampleNode({ id, rank, children });
}

function bucket(id: string, fields: Partial<Bucket>): Bucket {
  return sampleBucket({ id, name: id, type: "part", revision: 2, ...fields });
}

const NOVEL = buildForest([
  node("novel", "a", [node("one", "a1"), node("two", "a2", [node("scene", "a")]), node("three", "a3")]),
]);

function names(forest: Forest, parent: string | null): string[] {
  return childrenOf(forest, parent).map((branch) => branch.id);
}

test("buckets stand in the order of their ranks, by code point", () => {
  const forest = buildForest([node("c", "a1"), node("a", "Z"), node("b", "a0")]);
  expect(names(forest, null)).toEqual(["a", "b", "c"]);
});

test("a bucket that changed elsewhere is changed here, and the rest stays the same object", () => {
  const next = withBucket(NOVEL, bucket("one", { name: "Prologue", parent_bucket_id: "novel", rank: "a1" }));
  expect(next.byId.get("one")?.name).toBe("Prologue");
  expect(next.byId.get("two")).toBe(NOVEL.byId.get("two"));
  expect(next.byId.get("novel")).not.toBe(NOVEL.byId.get("novel"));
});

test("an older version that arrives late changes nothing", () => {
  const next = withBucket(NOVEL, bucket("one", { name: "New", parent_bucket_id: "novel", revision: 5 }));
  expect(withBucket(next, bucket("one", { name: "Old", revision: 4 }))).toBe(next);
});

test("a bucket that was trashed takes what it contains along", () => {
  const next = withoutBucket(NOVEL, "two");
  expect([...next.byId.keys()].sort()).toEqual(["novel", "one", "three"]);
});

test("a move shows at once, between the neighbours it was dropped between", () => {
  expect(names(withBucketMoved(NOVEL, "three", { parent: "novel", after: "one" }), "novel")).toEqual([
    "one",
    "three",
    "two",
  ]);
  expect(names(withBucketMoved(NOVEL, "three", { parent: "novel", after: null }), "novel")).toEqual([
    "three",
    "one",
    "two",
  ]);
  expect(names(withBucketMoved(NOVEL, "one", { parent: "novel", after: undefined }), "novel")).toEqual([
    "two",
    "three",
    "one",
  ]);
});

test("a move is taken back by moving to where it was", () => {
  const before = positionOf(NOVEL, "two");
  const away = withBucketMoved(NOVEL, "two", { parent: null, after: undefined });
  expect(before && names(withBucketMoved(away, "two", before), "novel")).toEqual(["one", "two", "three"]);
});

test("the outliner's keys move among siblings, in, and out", () => {
  expect(neighbouringPosition(NOVEL, "two", "up")).toEqual({ parent: "novel", after: null });
  expect(neighbouringPosition(NOVEL, "two", "down")).toEqual({ parent: "novel", after: "three" });
  expect(neighbouringPosition(NOVEL, "two", "in")).toEqual({ parent: "one", after: undefined });
  expect(neighbouringPosition(NOVEL, "scene", "out")).toEqual({ parent: "novel", after: "two" });
  expect(neighbouringPosition(NOVEL, "one", "up")).toBeNull();
  expect(neighbouringPosition(NOVEL, "novel", "out")).toBeNull();
});

test("a bucket cannot go into what it contains", () => {
  expect(wouldContainItself(NOVEL, "novel", "scene")).toBe(true);
  expect(wouldContainItself(NOVEL, "scene", "one")).toBe(false);
});

test("a search matches the whole path, and says it", () => {
  expect(findBuckets(NOVEL, "novel scene", 10).map((branch) => branch.id)).toEqual(["scene"]);
  expect(pathTo(NOVEL, "scene").map((branch) => branch.name)).toEqual(["novel", "two", "scene"]);
});

test("a child that is known before its parent is not lost", () => {
  const orphan = withBucket(NOVEL, bucket("later", { parent_bucket_id: "unknown" }));
  expect(names(orphan, null)).toContain("later");
  const complete = withBucket(orphan, bucket("unknown", {}));
  expect(names(complete, "unknown")).toEqual(["later"]);
});
