/** Hooks for time and visibility. */

import { useEffect, useState } from "react";

const CLOCK_TICK_MS = 1_000;

/** Returns the time in ms, which moves on every second while `isRunning`. */
export function useNow(isRunning: boolean): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!isRunning) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), CLOCK_TICK_MS);
    return () => clearInterval(timer);
  }, [isRunning]);
  return now;
}

/** Returns true once the value has been true for so long: what passes quickly is not worth a flicker. */
export function useDelayedTrue(value: boolean, milliseconds: number): boolean {
  const [isDelayOver, setDelayOver] = useState(false);
  useEffect(() => {
    if (!value) {
      setDelayOver(false);
      return;
    }
    const timer = setTimeout(() => setDelayOver(true), milliseconds);
    return () => clearTimeout(timer);
  }, [value, milliseconds]);
  return value && isDelayOver;
}

/** Returns true from the moment the element comes near the screen, so that a long page is not read all at once. */
export function useSeen(element: { current: Element | null }, margin: string): boolean {
  const [isSeen, setSeen] = useState(false);
  useEffect(() => {
    if (!element.current || isSeen) return;
    const observer = new IntersectionObserver(
      (entries) => entries.some((entry) => entry.isIntersecting) && setSeen(true),
      { rootMargin: margin },
    );
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [element, isSeen, margin]);
  return isSeen;
}
