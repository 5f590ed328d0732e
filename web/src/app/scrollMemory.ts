/** Each page is found again where it was left, and a new one begins at its top. */

import { type RefObject, useLayoutEffect, useRef } from "react";

const LEAVING_EVENTS = ["wheel", "touchstart", "pointerdown", "keydown"] as const; // the reader decides for another place

/** Keeps the scroll position of this element for every route, while the window is open. */
export function useScrollMemory(element: RefObject<HTMLElement | null>, route: string | null): void {
  const positions = useRef(new Map<string | null, number>());
  useLayoutEffect(() => {
    const { current } = element;
    if (!current) return;
    const remember = () => positions.current.set(route, current.scrollTop);
    const stop = restore(current, positions.current.get(route) ?? 0);
    current.addEventListener("scroll", remember, { passive: true });
    return () => {
      stop();
      current.removeEventListener("scroll", remember);
    };
  }, [element, route]);
}

/** Scrolls there, and again while the content grows, until it is long enough; returns how to stop. */
function restore(element: HTMLElement, position: number): () => void {
  element.scrollTop = position;
  if (position === 0 || element.scrollTop === position || typeof ResizeObserver === "undefined") return () => undefined;
  const observer = new ResizeObserver(() => {
    element.scrollTop = position;
    if (Math.abs(element.scrollTop - position) < 1) stop();
  });
  const stop = () => {
    observer.disconnect();
    for (const name of LEAVING_EVENTS) element.removeEventListener(name, stop);
  };
  for (const child of element.children) observer.observe(child);
  for (const name of LEAVING_EVENTS) element.addEventListener(name, stop, { passive: true });
  return stop;
}
