/** Prepares the environment of component tests: what jsdom lacks, and a clean page after each test. */

import { cleanup } from "@testing-library/react";
import { afterEach } from "vitest";

/** Everything is on the screen at once. */
class VisibleIntersectionObserver {
  constructor(private readonly callback: (entries: { isIntersecting: boolean }[]) => void) {}

  observe(): void {
    this.callback([{ isIntersecting: true }]);
  }

  disconnect(): void {}
}

if (typeof window !== "undefined") {
  // Nothing has a place on the page, which the editor of prose asks for.
  Object.assign(Range.prototype, { getClientRects: () => [], getBoundingClientRect: () => new DOMRect() });
  Object.assign(window, { IntersectionObserver: VisibleIntersectionObserver });
  afterEach(cleanup);
}
