/** What this browser remembers about how its user likes the page; nothing here is needed to find any work again. */

import { type Store, storeOf } from "./store";

export type Theme = "system" | "light" | "dark";
const THEMES: readonly Theme[] = ["system", "light", "dark"];
const THEME = "reyna.theme";
const EXPANDED = "reyna.expanded";

export function themeIn(storage: Storage, root: HTMLElement): Store<Theme> {
  const remembered = recall(storage, THEME) as Theme | null;
  const theme = storeOf<Theme>(remembered && THEMES.includes(remembered) ? remembered : "system");
  const show = () => {
    if (theme.get() === "system") delete root.dataset["theme"];
    else root.dataset["theme"] = theme.get();
    remember(storage, THEME, theme.get());
  };
  show();
  theme.subscribe(show);
  return theme;
}

/** Ids of the buckets that stand open in the tree. */
export function expandedIn(storage: Storage): Store<ReadonlySet<string>> {
  const expanded = storeOf<ReadonlySet<string>>(new Set(listOf(recall(storage, EXPANDED))));
  expanded.subscribe(() => remember(storage, EXPANDED, JSON.stringify([...expanded.get()])));
  return expanded;
}

function listOf(text: string | null): string[] {
  try {
    const list: unknown = JSON.parse(text ?? "[]");
    return Array.isArray(list) ? list.filter((id) => typeof id === "string") : [];
  } catch {
    return [];
  }
}

function recall(storage: Storage, name: string): string | null {
  try {
    return storage.getItem(name);
  } catch {
    return null;
  }
}

function remember(storage: Storage, name: string, value: string): void {
  try {
    storage.setItem(name, value);
  } catch {
    // storage is blocked or full: a preference is not worth a word
  }
}
