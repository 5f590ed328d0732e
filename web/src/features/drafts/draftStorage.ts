/** Stores unsaved text in this browser, by user and by window, so that it outlives a crash or a closed window. */

import type { StoredDraft } from "./draft";

const DRAFT_PREFIX = "reyna.draft";
const SET_ASIDE_PREFIX = "reyna.aside";
const WINDOW_KEY = "reyna.window";
const ROLL_CALL_MS = 250; // that another window has to say that it still looks after its drafts

/** A text that lost against another; it stays until its writer discards it. */
export interface SetAsideText {
  id: string;
  text: string;
  reason: string;
  at: number;
}

/** The storages and channels of this browser; both storages may refuse or be full. */
export interface BrowserStorage {
  local: Storage;
  session: Storage;
  /** Opens the channel on which windows say that they are open. */
  openWindowChannel(): BroadcastChannel | null;
  /** Opens the channel on which windows tell who is signed in. */
  openAccountChannel(): BroadcastChannel | null;
}

type WindowMessage = { ask: string } | { here: string };

export class DraftStorage {
  #windowId: string;
  #user = "";
  #channel: BroadcastChannel | null;
  #openWindows = new Set<string>();

  constructor(private readonly browser: BrowserStorage) {
    this.#windowId = this.#readWindowId() ?? newWindowId();
    this.#channel = browser.openWindowChannel();
    this.#channel?.addEventListener("message", ({ data }: MessageEvent<WindowMessage>) => {
      if ("here" in data) this.#openWindows.add(data.here);
      else if (data.ask === this.#user) this.#channel?.postMessage({ here: this.#windowId });
    });
  }

  /** Takes over and returns the drafts that closed windows left unsaved for this user. */
  async takeOver(user: string): Promise<StoredDraft[]> {
    this.#user = "";
    this.#openWindows.clear();
    this.#channel?.postMessage({ ask: user });
    await new Promise((resolve) => setTimeout(resolve, this.#channel ? ROLL_CALL_MS : 0));
    if (this.#openWindows.has(this.#windowId)) this.#windowId = newWindowId(); // a duplicated tab inherits the id
    this.#writeWindowId();
    this.#user = user;
    return this.#takeOrphans(`${DRAFT_PREFIX}.${user}.`);
  }

  /** Nobody is signed in any more: nothing can be stored until somebody is. */
  signOut(): void {
    this.#user = "";
  }

  /** Returns false when the storage would not take the draft: then the text is in this window alone. */
  store(draft: StoredDraft): boolean {
    if (this.#user === "") return false; // not known yet whose it is
    return write(this.browser.local, this.#draftKey(draft.key), draft);
  }

  remove(key: string): void {
    try {
      this.browser.local.removeItem(this.#draftKey(key));
    } catch {
      // storage is blocked: nothing was stored either
    }
  }

  readSetAsideTexts(): SetAsideText[] {
    if (this.#user === "") return [];
    return read<SetAsideText[]>(this.browser.local, `${SET_ASIDE_PREFIX}.${this.#user}`) ?? [];
  }

  /** Returns false when the storage would not take them. */
  writeSetAsideTexts(texts: SetAsideText[]): boolean {
    if (this.#user === "") return false;
    return write(this.browser.local, `${SET_ASIDE_PREFIX}.${this.#user}`, texts);
  }

  #takeOrphans(prefix: string): StoredDraft[] {
    const found: StoredDraft[] = [];
    for (const key of keysWithPrefix(this.browser.local, prefix)) {
      const owner = key.slice(prefix.length).split(".", 1)[0] ?? "";
      if (owner !== this.#windowId && this.#openWindows.has(owner)) continue;
      const draft = read<StoredDraft>(this.browser.local, key);
      if (!draft) continue;
      if (owner === this.#windowId || this.store(draft)) found.push(draft);
      if (owner !== this.#windowId) this.browser.local.removeItem(key);
    }
    return found.sort((one, other) => one.since - other.since);
  }

  #draftKey(key: string): string {
    return `${DRAFT_PREFIX}.${this.#user}.${this.#windowId}.${key}`;
  }

  #readWindowId(): string | null {
    try {
      return this.browser.session.getItem(WINDOW_KEY);
    } catch {
      return null;
    }
  }

  #writeWindowId(): void {
    try {
      this.browser.session.setItem(WINDOW_KEY, this.#windowId);
    } catch {
      // storage is blocked: after a reload this window is a new one
    }
  }
}

function newWindowId(): string {
  return Math.random().toString(36).slice(2, 10);
}

function keysWithPrefix(storage: Storage, prefix: string): string[] {
  try {
    return Object.keys(storage).filter((key) => key.startsWith(prefix));
  } catch {
    return [];
  }
}

function read<T>(storage: Storage, key: string): T | null {
  try {
    const text = storage.getItem(key);
    return text === null ? null : (JSON.parse(text) as T);
  } catch {
    return null;
  }
}

/** Returns false when the storage is full or blocked. */
function write(storage: Storage, key: string, value: unknown): boolean {
  try {
    storage.setItem(key, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}
