/** Where unsaved text outlives a crash, a reload or a closed window: this browser's storage, by user and by window. */

import type { Kept } from "./draft";

const DRAFTS = "reyna.draft";
const ASIDE = "reyna.aside";
const WINDOW = "reyna.window";
const ROLL_CALL = 250; // ms that another window has to say that it still looks after its drafts

/** A text that lost against another; it stays until its writer throws it away. */
export interface Aside {
  id: string;
  text: string;
  reason: string;
  at: number;
}

/** What this browser offers; both storages may refuse or be full. */
export interface Shelf {
  local: Storage;
  session: Storage;
  channel(): BroadcastChannel | null;
}

type Call = { ask: string } | { here: string };

export class Keeper {
  #window: string;
  #user = "";
  #channel: BroadcastChannel | null;
  #alive = new Set<string>();

  constructor(private readonly shelf: Shelf) {
    this.#window = this.#recalled() ?? fresh();
    this.#channel = shelf.channel();
    this.#channel?.addEventListener("message", (call: MessageEvent<Call>) => {
      if ("here" in call.data) this.#alive.add(call.data.here);
      else if (call.data.ask === this.#user) this.#channel?.postMessage({ here: this.#window });
    });
  }

  /** What windows that are gone left unsaved for this user; from now on it is this window's to look after. */
  async leftBehind(user: string): Promise<Kept[]> {
    this.#user = "";
    this.#alive.clear();
    this.#channel?.postMessage({ ask: user });
    await new Promise((done) => setTimeout(done, this.#channel ? ROLL_CALL : 0));
    if (this.#alive.has(this.#window)) this.#window = fresh(); // a duplicated tab inherits the name of the first
    this.#remember();
    this.#user = user;
    return this.#orphans(`${DRAFTS}.${user}.`);
  }

  /** False when the storage would not take it: then the text lives in this window alone. */
  keep(kept: Kept): boolean {
    try {
      this.shelf.local.setItem(this.#place(kept.key), JSON.stringify(kept));
      return true;
    } catch {
      return false;
    }
  }

  drop(key: string): void {
    try {
      this.shelf.local.removeItem(this.#place(key));
    } catch {
      // storage is blocked: nothing was kept either
    }
  }

  asides(): Aside[] {
    return read<Aside[]>(this.shelf.local, `${ASIDE}.${this.#user}`) ?? [];
  }

  /** False when the storage would not take it. */
  setAsides(asides: Aside[]): boolean {
    try {
      this.shelf.local.setItem(`${ASIDE}.${this.#user}`, JSON.stringify(asides));
      return true;
    } catch {
      return false;
    }
  }

  #orphans(prefix: string): Kept[] {
    const found: Kept[] = [];
    for (const place of placesOf(this.shelf.local, prefix)) {
      const owner = place.slice(prefix.length).split(".", 1)[0] ?? "";
      if (owner !== this.#window && this.#alive.has(owner)) continue;
      const kept = read<Kept>(this.shelf.local, place);
      if (!kept) continue;
      if (owner === this.#window || this.keep(kept)) found.push(kept);
      if (owner !== this.#window) this.shelf.local.removeItem(place);
    }
    return found.sort((one, other) => one.since - other.since);
  }

  #place(key: string): string {
    return `${DRAFTS}.${this.#user}.${this.#window}.${key}`;
  }

  #recalled(): string | null {
    try {
      return this.shelf.session.getItem(WINDOW);
    } catch {
      return null;
    }
  }

  #remember(): void {
    try {
      this.shelf.session.setItem(WINDOW, this.#window);
    } catch {
      // storage is blocked: after a reload this window is a new one
    }
  }
}

function fresh(): string {
  return Math.random().toString(36).slice(2, 10);
}

function placesOf(storage: Storage, prefix: string): string[] {
  try {
    return Object.keys(storage).filter((place) => place.startsWith(prefix));
  } catch {
    return [];
  }
}

function read<T>(storage: Storage, place: string): T | null {
  try {
    const text = storage.getItem(place);
    return text === null ? null : (JSON.parse(text) as T);
  } catch {
    return null;
  }
}
