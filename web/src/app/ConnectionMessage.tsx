/** Says when the page is not connected. A connection that comes straight back is not worth a word. */

import type { ReactNode } from "react";
import { useStudio } from "../studio/context";
import { text } from "../text";
import { useDelayedTrue } from "../ui/hooks";
import { Icon } from "../ui/Icon";
import { useStore } from "../ui/store";

const OUTAGE_MS = 1_500; // before it is spoken of

export function ConnectionMessage(): ReactNode {
  const status = useStore(useStudio().connectionStatus, (value) => value);
  const isOutage = useDelayedTrue(status.kind === "lost" || status.kind === "connecting", OUTAGE_MS);
  const message = status.kind === "refused" ? status.detail : isOutage ? text.app.offline : "";
  return (
    <p className="line" role="status" data-line={status.kind}>
      {message && (
        <>
          <Icon name="cloudOff" /> <span>{message}</span>
        </>
      )}
    </p>
  );
}
