/** The preferences that this browser remembers; nothing here is needed to find any work again. */

import { createStore, type Store } from "../ui/store";

export type Theme = "system" | "light" | "dark" | "sepia" | "contrast";
export const THEMES: readonly Theme[] = ["system", "light", "dark", "sepia", "contrast"];
const THEME_KEY = "reyna.theme";
const SIDE_KEY = "reyna.side";
const OUTLINE_KEY = "reyna.outline";

export const MIN_SIDE_WIDTH = 240; // px
export const MAX_SIDE_WIDTH = 480; // px
const SIDE_WIDTH = 304; // px, at first

/** How the child buckets of a bucket are shown. */
export type OutlineView = "list" | "board";

const EXPANDED_KEY = "reyna.expanded";

/** Creates the store of the theme, and applies the theme to the page. */
export function createThemeStore(storage: Storage, root: HTMLElement): Store<Theme> {
  const remembered = read(storage, THEME_KEY) as Theme | null;
  const theme = createStore<Theme>(remembered && THEMES.includes(remembered) ? remembered : "system");
  const apply = () => {
    if (theme.get() === "system") delete root.dataset["theme"];
    else root.dataset["theme"] = theme.get();
    write(storage, THEME_KEY, theme.get());
  };
  apply();
  theme.subscribe(apply);
  return theme;
}

/** Creates the store of the width of the tree in px, and applies the width to the page. */
export function createSideWidthStore(storage: Storage, root: HTMLElement): Store<number> {
  const remembered = Number(read(storage, SIDE_KEY));
  const isValid = remembered >= MIN_SIDE_WIDTH && remembered <= MAX_SIDE_WIDTH;
  const width = createStore(isValid ? remembered : SIDE_WIDTH);
  const apply = () => root.style.setProperty("--side-width", `${width.get()}px`);
  apply();
  width.subscribe(() => {
    apply();
    write(storage, SIDE_KEY, String(width.get()));
  });
  return width;
}

export function createOutlineViewStore(storage: Storage): Store<OutlineView> {
  const view = createStore<OutlineView>(read(storage, OUTLINE_KEY) === "board" ? "board" : "list");
  view.subscribe(() => write(storage, OUTLINE_KEY, view.get()));
  return view;
}

/** Creates the store of the ids of the buckets that are expanded in the tree. */
export function createExpandedStore(storage: Storage): Store<ReadonlySet<string>> {
  const expanded = createStore<ReadonlySet<string>>(new Set(parseIds(read(storage, EXPANDED_KEY))));
  expanded.subscribe(() => write(storage, EXPANDED_KEY, JSON.stringify([...expanded.get()])));
  return expanded;
}

/** Expands these buckets; the store does not change when they are expanded already. */
export function expandBuckets(expanded: Store<ReadonlySet<string>>, ids: readonly string[]): void {
  expanded.set((now) => (ids.every((id) => now.has(id)) ? now : new Set([...now, ...ids])));
}

function parseIds(text: string | null): string[] {
  try {
    const list: unknown = JSON.parse(text ?? "[]");
    return Array.isArray(list) ? list.filter((id) => typeof id === "string") : [];
  } catch {
    return [];
  }
}

function read(storage: Storage, key: string): string | null {
  try {
    return storage.getItem(key);
  } catch {
    return null;
  }
}

function write(storage: Storage, key: string, value: string): void {
  try {
    storage.setItem(key, value);
  } catch {
    // storage is blocked or full: a preference is not worth a word
  }
}
