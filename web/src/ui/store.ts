/** A store for one value that React components can watch. */

import { useSyncExternalStore } from "react";

export interface Store<T> {
  get(): T;
  /** Replaces the value by what `change` makes of it, and notifies the subscribers when it differs. */
  set(change: (value: T) => T): void;
  /** Returns how to unsubscribe. */
  subscribe(listener: () => void): () => void;
}

export function createStore<T>(initial: T): Store<T> {
  let value = initial;
  const listeners = new Set<() => void>();
  return {
    get: () => value,
    set(change) {
      const next = change(value);
      if (Object.is(next, value)) return;
      value = next;
      for (const listener of [...listeners]) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Watches a part of the store; `select` must return the same value while nothing changed (no new objects). */
export function useStore<T, P>(store: Store<T>, select: (value: T) => P): P {
  return useSyncExternalStore(store.subscribe, () => select(store.get()));
}
