/** Short messages at the edge of the page: what was done, with a way back, and what could not be done. */

import { inWords } from "./problem";
import { type Store, storeOf } from "./store";

const SHOWN = 7_000; // ms; long enough to reach for "Undo"

export interface Notice {
  readonly id: number;
  readonly text: string;
  readonly wrong: boolean;
  readonly undo: (() => void) | null;
}

export class Notices {
  readonly shown: Store<readonly Notice[]> = storeOf<readonly Notice[]>([]);
  #count = 0;

  /** Something was done. */
  say(text: string, undo: (() => void) | null = null): void {
    this.#show(text, false, undo);
  }

  /** Something could not be done, and why. */
  fail(what: string, error: unknown): void {
    this.#show(`${what} ${inWords(error)}`, true, null);
  }

  close(id: number): void {
    this.shown.set((shown) => shown.filter((notice) => notice.id !== id));
  }

  /** Take back the newest thing that can be taken back; false when there is none. */
  undoLast(): boolean {
    const last = this.shown.get().findLast((notice) => notice.undo);
    if (!last) return false;
    this.close(last.id);
    last.undo?.();
    return true;
  }

  #show(text: string, wrong: boolean, undo: (() => void) | null): void {
    this.#count += 1;
    const notice = { id: this.#count, text, wrong, undo };
    this.shown.set((shown) => [...shown.slice(-2), notice]);
    setTimeout(() => this.close(notice.id), wrong ? 2 * SHOWN : SHOWN);
  }
}
