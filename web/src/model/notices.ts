/** Short messages at the edge of the page: what was done, with a way back, and what could not be done. */

import { inWords } from "./problem";
import { type Store, storeOf } from "./store";

const SHOWN = 8_000; // ms; long enough to reach for "Undo", which stays on Ctrl+Z

/** What a message offers to do about what it says. */
export interface Action {
  readonly label: string;
  readonly act: () => void;
}

export interface Notice {
  readonly id: number;
  readonly text: string;
  readonly wrong: boolean;
  readonly actions: readonly Action[];
}

export class Notices {
  readonly shown: Store<readonly Notice[]> = storeOf<readonly Notice[]>([]);
  #count = 0;

  /** Something was done. */
  say(text: string, ...actions: Action[]): void {
    this.#show(text, false, actions);
  }

  /** Something could not be done, and why. */
  fail(what: string, error: unknown, ...actions: Action[]): void {
    this.#show(`${what} ${inWords(error)}`, true, actions);
  }

  close(id: number): void {
    this.shown.set((shown) => shown.filter((notice) => notice.id !== id));
  }

  #show(text: string, wrong: boolean, actions: readonly Action[]): void {
    this.#count += 1;
    const notice = { id: this.#count, text, wrong, actions };
    // What offers a way back takes the place of what did before it: it is the newest act that is undone first.
    const over = (other: Notice) => !wrong && actions.length > 0 && !other.wrong && other.actions.length > 0;
    this.shown.set((shown) => [...shown.filter((other) => !over(other)).slice(-2), notice]);
    setTimeout(() => this.close(notice.id), wrong ? 2 * SHOWN : SHOWN);
  }
}
