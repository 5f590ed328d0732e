/** Loads more when it comes into view; the button is for whoever does not scroll. */

import { type ReactNode, useEffect, useRef } from "react";
import { Button } from "react-aria-components";

const MARGIN = "600px"; // below the screen, where loading begins

interface LoadMoreProps {
  label: string;
  isLoading: boolean;
  load: () => void;
}

export function LoadMore({ label, isLoading, load }: LoadMoreProps): ReactNode {
  const element = useRef<HTMLDivElement>(null);
  const newestLoad = useRef(load);
  newestLoad.current = load;
  useEffect(() => {
    const observer = new IntersectionObserver(
      (entries) => entries.some((entry) => entry.isIntersecting) && newestLoad.current(),
      { rootMargin: MARGIN },
    );
    if (element.current) observer.observe(element.current);
    return () => observer.disconnect();
  }, []);
  return (
    <div ref={element}>
      <Button className="button" isPending={isLoading} onPress={load}>
        {label}
      </Button>
    </div>
  );
}
