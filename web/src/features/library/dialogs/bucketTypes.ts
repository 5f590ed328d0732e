/** The types that a new bucket is offered, and how likely a type and a name are inside of another bucket. */

import { graphemesOf } from "../../../language/segmentation";
import { childrenOf, type Forest } from "../forest";

export const BUCKET_TYPES = [
  "book",
  "part",
  "chapter",
  "scene",
  "characters",
  "character",
  "research",
  "topic",
  "journal",
  "album",
  "track",
  "course",
  "pitch",
];

const TYPE_INSIDE: Readonly<Record<string, string>> = {
  book: "chapter",
  part: "chapter",
  chapter: "scene",
  album: "track",
  characters: "character",
  research: "topic",
  course: "lesson",
  journal: "entry",
};

/** Returns the type that a new bucket in this one most likely has: that of its last sibling, or what fits its parent. */
export function likelyType(forest: Forest, parentId: string | null): string {
  if (parentId === null) return "book";
  const siblings = childrenOf(forest, parentId);
  return siblings.at(-1)?.type ?? TYPE_INSIDE[forest.byId.get(parentId)?.type ?? ""] ?? "chapter";
}

/** Returns "Chapter 4" after three chapters; empty for a book, which has a name of its own. */
export function likelyName(forest: Forest, parentId: string | null, type: string): string {
  if (parentId === null || type === "book") return "";
  const count = childrenOf(forest, parentId).filter((sibling) => sibling.type === type).length;
  const [first = "", ...rest] = graphemesOf(type);
  return `${first.toUpperCase()}${rest.join("")} ${count + 1}`;
}
