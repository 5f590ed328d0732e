/** Finding and replacing in all notes of a chapter. */

import { useMemo, useState, useSyncExternalStore } from "react";
import { useStudio } from "../../../studio/context";
import { text as words } from "../../../text";
import type { Drafts } from "../../drafts/drafts";
import { type FindQuery, findMatches, type Match, replaceMatches } from "./matches";

export interface ChapterMatch extends Match {
  draftKey: string;
}

export interface ChapterFind {
  matches: readonly ChapterMatch[];
  /** The position of the present match; -1 before the first step. */
  current: number;
  /** Goes to the next (1) or previous (-1) match and returns it. */
  step(by: 1 | -1): ChapterMatch | null;
  /** Replaces the present match. */
  replace(replacement: string): void;
  replaceAll(replacement: string): void;
}

/** Returns the matches in these notes as they are now, while they are written. */
export function useChapterFind(draftKeys: readonly string[], query: FindQuery): ChapterFind {
  const { drafts, notices } = useStudio();
  const [current, setCurrent] = useState(-1);
  const texts = useTexts(drafts, draftKeys);
  const matches = useMemo(
    () =>
      draftKeys.flatMap((draftKey, index) =>
        findMatches(texts[index] ?? "", query).map((match) => ({ ...match, draftKey })),
      ),
    [draftKeys, texts, query],
  );
  const step = (by: 1 | -1) => {
    if (matches.length === 0) return null;
    const start = current < 0 && by < 0 ? 0 : Math.min(current, matches.length - 1);
    const next = (start + by + matches.length) % matches.length;
    setCurrent(next);
    return matches[next] ?? null;
  };
  const replace = (replacement: string) => {
    const match = matches[current];
    const before = match && drafts.get(match.draftKey)?.text;
    if (before === undefined || !match) return;
    drafts.changeText(match.draftKey, before.slice(0, match.from) + replacement + before.slice(match.to));
    setCurrent(current - 1);
  };
  const replaceAll = (replacement: string) => {
    const undo = replaceInAll(drafts, draftKeys, query, replacement);
    const count = new Set(matches.map((match) => match.draftKey)).size;
    notices.notify(words.writing.replacedAll(matches.length, count), { label: words.writing.undoReplace, run: undo });
    setCurrent(-1);
  };
  return { matches, current: Math.min(current, matches.length - 1), step, replace, replaceAll };
}

/** Replaces in every note, and returns how to undo it where nothing was written since. */
function replaceInAll(drafts: Drafts, draftKeys: readonly string[], query: FindQuery, replacement: string): () => void {
  const changes: { key: string; before: string; after: string }[] = [];
  for (const key of draftKeys) {
    const before = drafts.get(key)?.text ?? "";
    const after = replaceMatches(before, query, replacement);
    if (after === before) continue;
    changes.push({ key, before, after });
    drafts.changeText(key, after);
  }
  return () => {
    for (const { key, before, after } of changes) if (drafts.get(key)?.text === after) drafts.changeText(key, before);
  };
}

/** Watches the texts of these notes; the list is a new one only when a text changed. */
function useTexts(drafts: Drafts, draftKeys: readonly string[]): readonly string[] {
  const [memory] = useState<{ texts: readonly string[] }>(() => ({ texts: [] }));
  return useSyncExternalStore(drafts.subscribe, () => {
    const texts = draftKeys.map((key) => drafts.get(key)?.text ?? "");
    const isSame = texts.length === memory.texts.length && texts.every((one, index) => one === memory.texts[index]);
    if (!isSame) memory.texts = texts;
    return memory.texts;
  });
}
