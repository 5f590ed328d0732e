/** The banner under the bar while the studio is read-only because its disk is nearly full. */

import type { ReactNode } from "react";
import { useStudio } from "../studio/context";
import { text } from "../text";
import { useStore } from "../ui/store";

/** It is always in the page, empty or not: screen readers speak only what appears in a status that they know. */
export function StorageBanner(): ReactNode {
  const isFull = useStore(useStudio().storage.isFull, (value) => value);
  return (
    <p className="storage-banner" role="status">
      {isFull && text.app.storageFull}
    </p>
  );
}
