/** The page that is open, as the part of the address that never leaves the browser. */

import { createStore, type Store } from "../ui/store";

/** The route of the trash; no bucket has such an id. */
export const TRASH_ROUTE = "trash";

/** The routes of the pages about processors. */
export const PROCESSORS_ROUTE = "processors";
export const RUNS_ROUTE = "runs";
export const PIPELINES_ROUTE = "pipelines";
export const DEAD_LETTERS_ROUTE = "dead-letters";

/** The address of a bucket or of another page for a link. */
export const linkTo = (target: string) => `#/${target}`;

export interface Route {
  /** A bucket's id, one of the routes above, or null for the start. */
  current: Store<string | null>;
  go(target: string | null): void;
}

export function createRoute(window: Window): Route {
  const read = () =>
    /^#\/(bucket-[a-z0-9-]+|trash|processors|pipelines|runs|dead-letters)$/.exec(window.location.hash)?.[1] ?? null;
  const current = createStore<string | null>(read());
  window.addEventListener("hashchange", () => current.set(read));
  return {
    current,
    go(target) {
      window.location.hash = target === null ? "" : `/${target}`;
      current.set(() => target);
    },
  };
}
