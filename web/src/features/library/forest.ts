/** The user's buckets as a forest. Every change returns the next forest; what did not change stays the same object. */

import type { Bucket, TreeNode } from "../../api/types";
import { foldForSearch } from "../../language/folding";

/** A bucket with its child buckets in order. */
export interface Branch {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly parent: string | null;
  readonly rank: string;
  readonly revision: number;
  /** How many blobs stand in it. */
  readonly blobs: number;
  readonly children: readonly Branch[];
}

export interface Forest {
  readonly roots: readonly Branch[];
  readonly byId: ReadonlyMap<string, Branch>;
}

/** A position for a bucket: under this parent, behind this sibling (null: first, undefined: last). */
export interface Position {
  parent: string | null;
  after: string | null | undefined;
}

export type Direction = "up" | "down" | "in" | "out";

type FlatBranch = Omit<Branch, "children">;

export const EMPTY_FOREST: Forest = { roots: [], byId: new Map() };

/** Builds the forest from the server's tree, and reuses what is the same in `before`. */
export function buildForest(nodes: readonly TreeNode[], before: Forest = EMPTY_FOREST): Forest {
  const flat: FlatBranch[] = [];
  const waiting = [...nodes];
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    const { id, name, type, parent_bucket_id, rank, revision, blob_count } = node;
    flat.push({ id, name, type, parent: parent_bucket_id, rank, revision, blobs: blob_count });
    waiting.push(...node.children);
  }
  return connectBranches(flat, before);
}

/** Returns the forest with the bucket as it is now; a version older than the known one changes nothing. */
export function withBucket(forest: Forest, bucket: Bucket): Forest {
  const known = forest.byId.get(bucket.id);
  if (bucket.trashed_at) return withoutBucket(forest, bucket.id);
  if (known && known.revision > bucket.revision) return forest;
  const { id, name, type, parent_bucket_id, rank, revision, blob_count } = bucket;
  return withBranch(forest, { id, name, type, parent: parent_bucket_id, rank, revision, blobs: blob_count });
}

/** Returns the forest without the bucket and everything below it. */
export function withoutBucket(forest: Forest, id: string): Forest {
  const branch = forest.byId.get(id);
  if (!branch) return forest;
  const removed = new Set(subtreeIds(branch));
  return connectBranches(
    [...forest.byId.values()].filter((other) => !removed.has(other.id)),
    forest,
  );
}

/** Returns the forest as it will be after the move; the rank is provisional until the server answers. */
export function withBucketMoved(forest: Forest, id: string, position: Position): Forest {
  const branch = forest.byId.get(id);
  if (!branch) return forest;
  const siblings = childrenOf(forest, position.parent).filter((sibling) => sibling.id !== id);
  const previous =
    position.after === undefined ? siblings.at(-1) : siblings.find((sibling) => sibling.id === position.after);
  // Behind "a1" and before every "a1…": no rank of the server contains a control character.
  const rank = previous ? `${previous.rank}\u0001` : "";
  return withBranch(forest, { ...branch, parent: position.parent, rank });
}

export function withBucketRenamed(forest: Forest, id: string, name: string): Forest {
  const branch = forest.byId.get(id);
  return branch ? withBranch(forest, { ...branch, name }) : forest;
}

export function childrenOf(forest: Forest, parent: string | null): readonly Branch[] {
  return parent === null ? forest.roots : (forest.byId.get(parent)?.children ?? []);
}

/** Returns the path from the root down to the bucket itself; empty when it is not known. */
export function pathTo(forest: Forest, id: string | null): Branch[] {
  const path: Branch[] = [];
  for (let branch = id === null ? undefined : forest.byId.get(id); branch && !path.includes(branch); ) {
    path.unshift(branch);
    branch = branch.parent === null ? undefined : forest.byId.get(branch.parent);
  }
  return path;
}

export function wouldContainItself(forest: Forest, id: string, parent: string | null): boolean {
  return pathTo(forest, parent).some((branch) => branch.id === id);
}

/** Returns the present position of a bucket, to which an undone move returns it. */
export function positionOf(forest: Forest, id: string): Position | null {
  const branch = forest.byId.get(id);
  if (!branch) return null;
  const siblings = childrenOf(forest, branch.parent);
  return { parent: branch.parent, after: siblings[siblings.indexOf(branch) - 1]?.id ?? null };
}

/** Returns the position an outliner's keys move a bucket to: among its siblings, into the one above, or out. */
export function neighbouringPosition(forest: Forest, id: string, direction: Direction): Position | null {
  const branch = forest.byId.get(id);
  if (!branch) return null;
  const siblings = childrenOf(forest, branch.parent);
  const index = siblings.indexOf(branch);
  const above = siblings[index - 1];
  const below = siblings[index + 1];
  if (direction === "up") return above ? { parent: branch.parent, after: siblings[index - 2]?.id ?? null } : null;
  if (direction === "down") return below ? { parent: branch.parent, after: below.id } : null;
  if (direction === "in") return above ? { parent: above.id, after: undefined } : null;
  const parent = branch.parent === null ? undefined : forest.byId.get(branch.parent);
  return parent ? { parent: parent.parent, after: parent.id } : null;
}

/** Returns at most `limit` buckets whose path contains every word of the query, in the order of the tree. */
export function findBuckets(
  forest: Forest,
  query: string,
  limit: number,
  allows: (branch: Branch) => boolean = () => true,
): Branch[] {
  const words = foldForSearch(query).split(" ").filter(Boolean);
  const found: Branch[] = [];
  const visit = (branch: Branch, above: string): void => {
    const path = `${above} ${foldForSearch(branch.name)} ${foldForSearch(branch.type)}`;
    if (found.length >= limit) return;
    if (words.every((word) => path.includes(word)) && allows(branch)) found.push(branch);
    for (const child of branch.children) visit(child, path);
  };
  for (const root of forest.roots) visit(root, "");
  return found;
}

/** Returns the bucket's own id and those of everything below it. */
export function subtreeIds(branch: Branch): string[] {
  return [branch.id, ...branch.children.flatMap(subtreeIds)];
}

function withBranch(forest: Forest, branch: FlatBranch): Forest {
  return connectBranches([...[...forest.byId.values()].filter((other) => other.id !== branch.id), branch], forest);
}

/** Connects branches with their children. One whose parent is not known (yet) stands at the top, not nowhere. */
function connectBranches(flat: readonly FlatBranch[], before: Forest): Forest {
  const known = new Set(flat.map(({ id }) => id));
  const byParent = new Map<string | null, FlatBranch[]>();
  for (const branch of flat) {
    const parent = branch.parent !== null && known.has(branch.parent) ? branch.parent : null;
    const siblings = byParent.get(parent);
    if (siblings) siblings.push(branch);
    else byParent.set(parent, [branch]);
  }
  const byId = new Map<string, Branch>();
  const connect = (parent: string | null): Branch[] =>
    (byParent.get(parent) ?? []).sort(compareRanks).map((branch) => {
      const children = connect(branch.id);
      const old = before.byId.get(branch.id);
      const next = old && isSame(old, branch, children) ? old : { ...branch, children };
      byId.set(branch.id, next);
      return next;
    });
  return { roots: connect(null), byId };
}

function isSame(old: Branch, now: FlatBranch, children: readonly Branch[]): boolean {
  return (
    old.name === now.name &&
    old.type === now.type &&
    old.parent === now.parent &&
    old.rank === now.rank &&
    old.revision === now.revision &&
    old.blobs === now.blobs &&
    old.children.length === children.length &&
    old.children.every((child, index) => child === children[index])
  );
}

/** Compares by code point, as the server orders; `localeCompare` would not. */
function compareRanks(one: FlatBranch, other: FlatBranch): number {
  if (one.rank !== other.rank) return one.rank < other.rank ? -1 : 1;
  return one.id < other.id ? -1 : 1;
}
