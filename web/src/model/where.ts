/** Which bucket is open, in the part of the address that never leaves the browser. */

import { type Store, storeOf } from "./store";

export interface Where {
  store: Store<string | null>;
  go(bucketId: string | null): void;
}

export function whereIn(window: Window): Where {
  const read = () => /^#\/(bucket-[a-z0-9-]+)$/.exec(window.location.hash)?.[1] ?? null;
  const store = storeOf<string | null>(read());
  window.addEventListener("hashchange", () => store.set(read));
  return {
    store,
    go(bucketId) {
      window.location.hash = bucketId === null ? "" : `/${bucketId}`;
      store.set(() => bucketId);
    },
  };
}
