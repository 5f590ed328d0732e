/** The state of the find bar of a bucket's page, and the key that opens it. */

import { useEffect, useState } from "react";

interface Pages {
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  fetchNextPage: () => Promise<unknown>;
}

/** Returns the state of the bar. While it is open every note of the bucket is read, so that none is left out. */
export function useFinding(pages: Pages): [isFinding: boolean, setFinding: (isFinding: boolean) => void] {
  const [isFinding, setFinding] = useState(false);
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = pages;
  useEffect(() => {
    if (isFinding && hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [isFinding, hasNextPage, isFetchingNextPage, fetchNextPage]);
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      const isFindKey = event.key.toLowerCase() === "f" && (event.ctrlKey || event.metaKey);
      // Elsewhere, and in the bar itself, the key is the browser's own.
      if (!isFindKey || event.altKey || event.shiftKey || !(event.target as Element).closest(".notes")) return;
      event.preventDefault();
      setFinding(true);
    };
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, []);
  return [isFinding, setFinding];
}
