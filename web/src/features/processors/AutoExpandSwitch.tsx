/** The switch for automatic expansion; the setting nearest to a note decides. */

import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Switch } from "react-aria-components";
import { EXPANSION_PROCESSOR } from "../../api/blobContent";
import type { Instance } from "../../api/types";
import { useForest, useStudio } from "../../studio/context";
import { text } from "../../text";
import { Message } from "../../ui/Message";
import { UserText } from "../../ui/UserText";
import { pathTo } from "../library/forest";

export function AutoExpandSwitch({ bucketId }: { bucketId: string }): ReactNode {
  const studio = useStudio();
  const forest = useForest();
  const { data } = useQuery(studio.queries.instances);
  if (!data) return null;
  const path = pathTo(forest, bucketId);
  const nearest = nearestInstance(data, [...path.map(({ id }) => id).reverse(), null]);
  const own = instanceOf(data, bucketId);
  const isOn = nearest?.enabled ?? false;
  const isInherited = isOn && nearest !== own;
  const inheritedFrom = path.find(({ id }) => id === nearest?.bucket_id)?.name;
  return (
    <Switch
      className="switch"
      isSelected={isOn}
      onChange={(on) =>
        void studio.instances.setEnabled({ processorId: EXPANSION_PROCESSOR, bucketId, enabled: on, present: own })
      }
    >
      <span className="switch-track" aria-hidden="true" />
      <span>{text.processors.automatic}</span>
      {isInherited && (
        <span className="quiet">
          {inheritedFrom ? (
            <Message text={text.processors.asIn} values={{ name: <UserText>{inheritedFrom}</UserText> }} />
          ) : (
            text.processors.asEverywhere
          )}
        </span>
      )}
    </Switch>
  );
}

/** Returns the first instance that one of the buckets has; null stands for all buckets. */
function nearestInstance(all: readonly Instance[], bucketIds: readonly (string | null)[]): Instance | undefined {
  for (const bucketId of bucketIds) {
    const found = instanceOf(all, bucketId);
    if (found) return found;
  }
  return undefined;
}

function instanceOf(all: readonly Instance[], bucketId: string | null): Instance | undefined {
  return all.find((one) => one.processor_id === EXPANSION_PROCESSOR && one.bucket_id === bucketId);
}
