/** The hooks through which components reach the studio and watch parts of it. */

import { useQuery } from "@tanstack/react-query";
import { createContext, useCallback, useContext, useSyncExternalStore } from "react";
import type { Draft } from "../features/drafts/draft";
import { EMPTY_FOREST, type Forest } from "../features/library/forest";
import { useStore } from "../ui/store";
import type { Studio } from "./studio";

export const StudioContext = createContext<Studio | null>(null);

export function useStudio(): Studio {
  const studio = useContext(StudioContext);
  if (!studio) throw new Error("rendered outside of the studio");
  return studio;
}

export function useForest(): Forest {
  const studio = useStudio();
  return useQuery(studio.queries.forest).data ?? EMPTY_FOREST;
}

/** Returns the open bucket's id, the route of another page, or null for the start. */
export function useRoute(): string | null {
  return useStore(useStudio().route.current, (target) => target);
}

export function useDraft(key: string): Draft | null {
  const { drafts } = useStudio();
  return useSyncExternalStore(
    drafts.subscribe,
    useCallback(() => drafts.get(key), [drafts, key]),
  );
}

export function useUnsaved(): readonly Draft[] {
  const { drafts } = useStudio();
  return useSyncExternalStore(drafts.subscribe, drafts.unsaved);
}
