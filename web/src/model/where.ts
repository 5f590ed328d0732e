/** What is open, in the part of the address that never leaves the browser. */

import { type Store, storeOf } from "./store";

/** The place of the trash among the places to be; no bucket has such an id. */
export const TRASH = "trash";

/** A bucket's id, `TRASH`, or null for the start. */
export interface Where {
  store: Store<string | null>;
  go(place: string | null): void;
}

export function whereIn(window: Window): Where {
  const read = () => /^#\/(bucket-[a-z0-9-]+|trash)$/.exec(window.location.hash)?.[1] ?? null;
  const store = storeOf<string | null>(read());
  window.addEventListener("hashchange", () => store.set(read));
  return {
    store,
    go(place) {
      window.location.hash = place === null ? "" : `/${place}`;
      store.set(() => place);
    },
  };
}
