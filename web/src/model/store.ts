/** The smallest store that React can watch: one value, one way to change it, told when it does. */

import { useSyncExternalStore } from "react";

export interface Store<T> {
  get(): T;
  set(change: (now: T) => T): void;
  subscribe(told: () => void): () => void;
}

export function storeOf<T>(first: T): Store<T> {
  let value = first;
  const watchers = new Set<() => void>();
  return {
    get: () => value,
    set(change) {
      const next = change(value);
      if (Object.is(next, value)) return;
      value = next;
      for (const told of [...watchers]) told();
    },
    subscribe(told) {
      watchers.add(told);
      return () => watchers.delete(told);
    },
  };
}

/** A part of the store; `pick` must give the same thing while nothing changed (no new objects). */
export function useStore<T, P>(store: Store<T>, pick: (value: T) => P): P {
  return useSyncExternalStore(store.subscribe, () => pick(store.get()));
}
