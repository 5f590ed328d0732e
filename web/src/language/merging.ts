/** Merges two texts that grew from one, by words. */

import { applyEdits, editsBetween, type TextEdit } from "./differences";
import { wordCount } from "./segmentation";

const MIN_WORDS_APART = 3; // unchanged ones between two edits of a line that have nothing to do with each other

export interface TextMerge {
  text: string;
  /** False where both changed the same place: there, mine stands before theirs. */
  clean: boolean;
  /** True when the edits are so far apart that nobody has to be asked. */
  isApart: boolean;
}

/** Edits of one side, or edits of both that overlap; positions are those of the base. */
interface Cluster {
  from: number;
  to: number;
  mine: TextEdit[];
  theirs: TextEdit[];
}

type Side = "mine" | "theirs";

/** Merges both texts. A change that both made is made once. */
export function mergeTexts(base: string, mine: string, theirs: string): TextMerge {
  const clusters = clusterEdits(editsBetween(base, mine), editsBetween(base, theirs));
  let [text, at, clean] = ["", 0, true];
  for (const cluster of clusters) {
    const change = mergeCluster(base, cluster);
    clean &&= change.clean;
    text += base.slice(at, cluster.from) + change.text;
    at = cluster.to;
  }
  return { text: text + base.slice(at), clean, isApart: clean && areApart(base, clusters) };
}

function clusterEdits(mine: readonly TextEdit[], theirs: readonly TextEdit[]): Cluster[] {
  const sided = [
    ...mine.map((edit) => ({ edit, side: "mine" as Side })),
    ...theirs.map((edit) => ({ edit, side: "theirs" as Side })),
  ].sort((one, other) => one.edit.from - other.edit.from || one.edit.to - other.edit.to);
  const clusters: Cluster[] = [];
  for (const { edit, side } of sided) {
    let cluster = clusters.at(-1);
    if (!cluster || !overlaps(cluster, edit)) {
      cluster = { from: edit.from, to: edit.to, mine: [], theirs: [] };
      clusters.push(cluster);
    }
    cluster[side].push(edit);
    cluster.to = Math.max(cluster.to, edit.to);
  }
  return clusters;
}

/** What only touches an edit stands before or behind it; two insertions at one place have no order of their own. */
function overlaps(cluster: Cluster, edit: TextEdit): boolean {
  const isSamePlace = cluster.from === cluster.to && edit.from === edit.to && edit.from === cluster.to;
  return edit.from < cluster.to || isSamePlace;
}

function mergeCluster(base: string, cluster: Cluster): { text: string; clean: boolean } {
  const textOf = (side: Side) => {
    const edits = cluster[side].map(({ from, to, insert }) => ({
      from: from - cluster.from,
      to: to - cluster.from,
      insert,
    }));
    return applyEdits(base.slice(cluster.from, cluster.to), edits);
  };
  if (cluster.theirs.length === 0) return { text: textOf("mine"), clean: true };
  const theirs = textOf("theirs");
  if (cluster.mine.length === 0) return { text: theirs, clean: true };
  const mine = textOf("mine");
  if (mine === theirs) return { text: mine, clean: true };
  return { text: mine + separatorOf(base, cluster, mine, theirs) + theirs, clean: false };
}

/** What stands between both versions of one place, so that no word of one grows into a word of the other. */
function separatorOf(base: string, { from, to }: Cluster, mine: string, theirs: string): string {
  if (mine === "" || theirs === "" || /\s$/.test(mine) || /^\s/.test(theirs)) return "";
  const isWholeLine = (from === 0 || base[from - 1] === "\n") && (to === base.length || base[to] === "\n");
  return isWholeLine ? "\n" : " ";
}

function areApart(base: string, clusters: readonly Cluster[]): boolean {
  return clusters.every((cluster, index) => {
    const next = clusters[index + 1];
    if (!next || isOneSide(cluster, next)) return true;
    const gap = base.slice(cluster.to, next.from);
    return gap.includes("\n") || wordCount(gap) >= MIN_WORDS_APART;
  });
}

function isOneSide(one: Cluster, other: Cluster): boolean {
  const hasNo = (side: Side) => one[side].length === 0 && other[side].length === 0;
  return hasNo("mine") || hasNo("theirs");
}
