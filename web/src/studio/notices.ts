/** Short messages at the edge of the page: what was done, with a way back, and what could not be done. */

import { errorMessage, Superseded } from "../api/errors";
import { createStore, type Store } from "../ui/store";

const SHOWN_MS = 8_000; // long enough to reach for "Undo", which stays on Ctrl+Z
const MAX_OLDER_NOTICES = 2;

/** A button of a message. */
export interface NoticeAction {
  readonly label: string;
  readonly run: () => void;
}

export interface Notice {
  readonly id: number;
  readonly text: string;
  readonly isError: boolean;
  readonly actions: readonly NoticeAction[];
}

export class Notices {
  readonly shown: Store<readonly Notice[]> = createStore<readonly Notice[]>([]);
  #count = 0;

  /** Shows that something was done. */
  notify(text: string, ...actions: NoticeAction[]): void {
    this.#show(text, false, actions);
  }

  /** Shows that something could not be done, and why. */
  notifyError(text: string, error: unknown, ...actions: NoticeAction[]): void {
    if (!(error instanceof Superseded)) this.#show(`${text} ${errorMessage(error)}`, true, actions);
  }

  clear(): void {
    this.shown.set(() => []);
  }

  close(id: number): void {
    this.shown.set((shown) => shown.filter((notice) => notice.id !== id));
  }

  #show(text: string, isError: boolean, actions: readonly NoticeAction[]): void {
    this.#count += 1;
    const notice = { id: this.#count, text, isError, actions };
    // What offers a way back replaces what did before it: it is the newest act that is undone first.
    const isReplaced = (other: Notice) => !isError && actions.length > 0 && !other.isError && other.actions.length > 0;
    this.shown.set((shown) => [...shown.filter((other) => !isReplaced(other)).slice(-MAX_OLDER_NOTICES), notice]);
    setTimeout(() => this.close(notice.id), isError ? 2 * SHOWN_MS : SHOWN_MS);
  }
}
