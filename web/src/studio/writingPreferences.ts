/** How this browser's user wants to write and read: typography, quiet, and what the editor does by itself. */

import { createStore, type Store } from "../ui/store";

export type ProseFont = "serif" | "sans" | "mono";
export const PROSE_FONTS: readonly ProseFont[] = ["serif", "sans", "mono"];

/** Width of a line in `ch`, the width of a 0, which is wider than most letters; about 66 characters are read most easily (Bringhurst, 1992). */
export const MEASURES = { narrow: 48, normal: 60, wide: 76 } as const;
export type Measure = keyof typeof MEASURES;

export const TEXT_SIZES: readonly number[] = [16, 18, 20, 22, 26]; // px

export interface WritingPreferences {
  isFocused: boolean;
  isTypewriter: boolean;
  isSmart: boolean;
  isSpellChecked: boolean;
  /** The language of the quotation marks and of the spell checker, such as "en" or "de-CH". */
  language: string;
  font: ProseFont;
  textSize: number;
  measure: Measure;
}

const STORAGE_KEY = "reyna.writing";

/** Creates the store of the writing preferences, and applies those of the type to the page. */
export function createWritingStore(storage: Storage, root: HTMLElement, language: string): Store<WritingPreferences> {
  const defaults: WritingPreferences = {
    isFocused: false,
    isTypewriter: false,
    isSmart: true,
    isSpellChecked: true,
    language,
    font: "serif",
    textSize: 18,
    measure: "normal",
  };
  const store = createStore<WritingPreferences>({ ...defaults, ...readPreferences(storage, defaults) });
  const apply = () => {
    const { font, textSize, measure } = store.get();
    root.dataset["proseFont"] = font;
    root.style.setProperty("--prose-size", `${textSize / 16}rem`);
    root.style.setProperty("--measure", `${MEASURES[measure]}ch`);
  };
  apply();
  store.subscribe(() => {
    apply();
    writePreferences(storage, store.get());
  });
  return store;
}

/** Returns what is stored and valid; a stranger's value is worth nothing. */
function readPreferences(storage: Storage, defaults: WritingPreferences): Partial<WritingPreferences> {
  try {
    const stored = JSON.parse(storage.getItem(STORAGE_KEY) ?? "{}") as Record<string, unknown>;
    const isValid = (key: string, value: unknown) => {
      if (typeof value !== typeof defaults[key as keyof WritingPreferences]) return false;
      if (key === "font") return PROSE_FONTS.includes(value as ProseFont);
      if (key === "measure") return Object.hasOwn(MEASURES, String(value));
      return key !== "textSize" || TEXT_SIZES.includes(Number(value));
    };
    return Object.fromEntries(Object.entries(stored).filter(([key, value]) => isValid(key, value)));
  } catch {
    return {};
  }
}

function writePreferences(storage: Storage, preferences: WritingPreferences): void {
  try {
    storage.setItem(STORAGE_KEY, JSON.stringify(preferences));
  } catch {
    // storage is blocked or full: a preference is not worth a word
  }
}
