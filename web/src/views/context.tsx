/** How components reach the studio, and what they watch of it. */

import { useQuery } from "@tanstack/react-query";
import { createContext, useCallback, useContext, useEffect, useState, useSyncExternalStore } from "react";
import type { Draft } from "../model/draft";
import { EMPTY, type Forest } from "../model/forest";
import type { TrashItem } from "../model/nouns";
import { useStore } from "../model/store";
import type { Studio } from "../studio";

export const StudioContext = createContext<Studio | null>(null);

export function useStudio(): Studio {
  const studio = useContext(StudioContext);
  if (!studio) throw new Error("rendered outside of the studio");
  return studio;
}

/** What a dialog is open about. */
export type Question =
  | { kind: "create"; parent: string | null; type?: string }
  | { kind: "rename"; id: string }
  | { kind: "move"; id: string }
  | { kind: "copy"; id: string }
  | { kind: "trash-bucket"; id: string }
  | { kind: "trash-note"; blobId: string; from: string }
  | { kind: "restore"; id: string; name: string }
  | { kind: "home"; blobId: string }
  | { kind: "purge"; item: TrashItem | null }
  | { kind: "place"; blobId: string }
  | { kind: "places"; blobId: string; from: string }
  | { kind: "history"; blobId: string }
  | { kind: "conflict"; key: string }
  | { kind: "unsaved" }
  | { kind: "palette" }
  | { kind: "keys" };

export const AskContext = createContext<(question: Question | null) => void>(() => undefined);

/** Opens a dialog, from wherever. */
export function useAsk(): (question: Question | null) => void {
  return useContext(AskContext);
}

export function useForest(): Forest {
  const studio = useStudio();
  return useQuery(studio.reads.forest).data ?? EMPTY;
}

export function useWhere(): string | null {
  return useStore(useStudio().where.store, (where) => where);
}

export function useDraft(key: string): Draft | null {
  const { drafts } = useStudio();
  return useSyncExternalStore(
    drafts.subscribe,
    useCallback(() => drafts.draft(key), [drafts, key]),
  );
}

export function useUnsaved(): readonly Draft[] {
  const { drafts } = useStudio();
  return useSyncExternalStore(drafts.subscribe, drafts.unsaved);
}

/** The time in ms, moving on every second as long as somebody looks at it. */
export function useNow(moving: boolean): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!moving) return;
    setNow(Date.now());
    const beat = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(beat);
  }, [moving]);
  return now;
}

/** True once the value has been true for so long (ms): what passes quickly is not worth a flicker. */
export function useLasting(value: boolean, milliseconds: number): boolean {
  const [lasting, setLasting] = useState(false);
  useEffect(() => {
    if (!value) {
      setLasting(false);
      return;
    }
    const timer = setTimeout(() => setLasting(true), milliseconds);
    return () => clearTimeout(timer);
  }, [value, milliseconds]);
  return value && lasting;
}
