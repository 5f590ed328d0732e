/** The user's buckets as a forest: every change gives the next one, and what did not change stays the same object. */

import type { Bucket, Node } from "./nouns";

/** A bucket with what it contains, in order. */
export interface Branch {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly parent: string | null;
  readonly rank: string;
  readonly revision: number;
  readonly children: readonly Branch[];
}

export interface Forest {
  readonly roots: readonly Branch[];
  readonly byId: ReadonlyMap<string, Branch>;
}

/** A place for a bucket: under this parent, behind this sibling (null: first, undefined: last). */
export interface Place {
  parent: string | null;
  after: string | null | undefined;
}

type Flat = Omit<Branch, "children">;

export const EMPTY: Forest = { roots: [], byId: new Map() };

export function forestOf(nodes: readonly Node[], before: Forest = EMPTY): Forest {
  const flat: Flat[] = [];
  const waiting = [...nodes];
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    const { id, name, type, parent_bucket_id, rank, revision } = node;
    flat.push({ id, name, type, parent: parent_bucket_id, rank, revision });
    waiting.push(...node.children);
  }
  return grown(flat, before);
}

/** With this bucket as it is now; an older version than the one that is known changes nothing. */
export function withBucket(forest: Forest, bucket: Bucket): Forest {
  const known = forest.byId.get(bucket.id);
  if (bucket.trashed_at) return without(forest, bucket.id);
  if (known && known.revision > bucket.revision) return forest;
  const { id, name, type, parent_bucket_id, rank, revision } = bucket;
  return replaced(forest, { id, name, type, parent: parent_bucket_id, rank, revision });
}

/** Without this bucket and all that it contains. */
export function without(forest: Forest, id: string): Forest {
  const branch = forest.byId.get(id);
  if (!branch) return forest;
  const gone = new Set(everyIdIn(branch));
  return grown(
    [...forest.byId.values()].filter((other) => !gone.has(other.id)),
    forest,
  );
}

/** As it will look once the server has moved it; its rank is provisional until the server says. */
export function movedTo(forest: Forest, id: string, place: Place): Forest {
  const branch = forest.byId.get(id);
  if (!branch) return forest;
  const siblings = childrenOf(forest, place.parent).filter((sibling) => sibling.id !== id);
  const before = place.after === undefined ? siblings.at(-1) : siblings.find((sibling) => sibling.id === place.after);
  // Behind "a1" and before every "a1…": no rank of the server contains a control character.
  const rank = before ? `${before.rank}\u0001` : "";
  return replaced(forest, { ...branch, parent: place.parent, rank });
}

export function renamed(forest: Forest, id: string, name: string): Forest {
  const branch = forest.byId.get(id);
  return branch ? replaced(forest, { ...branch, name }) : forest;
}

export function childrenOf(forest: Forest, parent: string | null): readonly Branch[] {
  return parent === null ? forest.roots : (forest.byId.get(parent)?.children ?? []);
}

/** From the root down to the bucket itself; empty when it is not known. */
export function pathTo(forest: Forest, id: string | null): Branch[] {
  const path: Branch[] = [];
  for (let at = id === null ? undefined : forest.byId.get(id); at && !path.includes(at); ) {
    path.unshift(at);
    at = at.parent === null ? undefined : forest.byId.get(at.parent);
  }
  return path;
}

export function pathInWords(forest: Forest, id: string): string {
  return pathTo(forest, id)
    .map((branch) => branch.name)
    .join(" › ");
}

export function wouldContainItself(forest: Forest, id: string, parent: string | null): boolean {
  return pathTo(forest, parent).some((branch) => branch.id === id);
}

/** Where a bucket stands now, in the words of a move: what takes a move back. */
export function placeOf(forest: Forest, id: string): Place | null {
  const branch = forest.byId.get(id);
  if (!branch) return null;
  const siblings = childrenOf(forest, branch.parent);
  return { parent: branch.parent, after: siblings[siblings.indexOf(branch) - 1]?.id ?? null };
}

/** Where an outliner's keys take a bucket: among its siblings, into the one above it, or out behind its parent. */
export function placeBeside(forest: Forest, id: string, way: "up" | "down" | "in" | "out"): Place | null {
  const branch = forest.byId.get(id);
  if (!branch) return null;
  const siblings = childrenOf(forest, branch.parent);
  const at = siblings.indexOf(branch);
  const above = siblings[at - 1];
  const below = siblings[at + 1];
  if (way === "up") return above ? { parent: branch.parent, after: siblings[at - 2]?.id ?? null } : null;
  if (way === "down") return below ? { parent: branch.parent, after: below.id } : null;
  if (way === "in") return above ? { parent: above.id, after: undefined } : null;
  const parent = branch.parent === null ? undefined : forest.byId.get(branch.parent);
  return parent ? { parent: parent.parent, after: parent.id } : null;
}

/** Buckets whose path contains every word of the query, in the order of the tree. */
export function matching(
  forest: Forest,
  query: string,
  most: number,
  allows: (branch: Branch) => boolean = () => true,
): Branch[] {
  const wanted = query.toLowerCase().split(/\s+/).filter(Boolean);
  const found: Branch[] = [];
  const look = (branch: Branch, above: string): void => {
    const path = `${above} ${branch.name.toLowerCase()} ${branch.type}`;
    if (found.length >= most) return;
    if (wanted.every((word) => path.includes(word)) && allows(branch)) found.push(branch);
    for (const child of branch.children) look(child, path);
  };
  for (const root of forest.roots) look(root, "");
  return found;
}

function replaced(forest: Forest, flat: Flat): Forest {
  return grown([...[...forest.byId.values()].filter((other) => other.id !== flat.id), flat], forest);
}

/** A branch whose parent is not known (yet) stands at the top rather than nowhere. */
function grown(flat: readonly Flat[], before: Forest): Forest {
  const known = new Set(flat.map((one) => one.id));
  const under = new Map<string | null, Flat[]>();
  for (const one of flat) {
    const parent = one.parent !== null && known.has(one.parent) ? one.parent : null;
    const siblings = under.get(parent);
    if (siblings) siblings.push(one);
    else under.set(parent, [one]);
  }
  const byId = new Map<string, Branch>();
  const grow = (parent: string | null): Branch[] =>
    (under.get(parent) ?? []).sort(inOrder).map((one) => {
      const children = grow(one.id);
      const old = before.byId.get(one.id);
      const branch = old && isSame(old, one, children) ? old : { ...one, children };
      byId.set(one.id, branch);
      return branch;
    });
  return { roots: grow(null), byId };
}

function isSame(old: Branch, now: Flat, children: readonly Branch[]): boolean {
  return (
    old.name === now.name &&
    old.type === now.type &&
    old.parent === now.parent &&
    old.rank === now.rank &&
    old.revision === now.revision &&
    old.children.length === children.length &&
    old.children.every((child, at) => child === children[at])
  );
}

/** By code point, as the server orders; `localeCompare` would not. */
function inOrder(one: Flat, other: Flat): number {
  if (one.rank !== other.rank) return one.rank < other.rank ? -1 : 1;
  return one.id < other.id ? -1 : 1;
}

/** Its own id first, then all that it contains. */
export function everyIdIn(branch: Branch): string[] {
  return [branch.id, ...branch.children.flatMap(everyIdIn)];
}
