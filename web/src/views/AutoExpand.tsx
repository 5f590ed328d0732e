/** The switch for automatic expansion; the setting nearest to a note decides. */

import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Switch } from "react-aria-components";
import { pathTo } from "../model/forest";
import { EXPAND, type Instance } from "../model/nouns";
import { useForest, useStudio } from "./context";

export function AutoExpand({ bucketId }: { bucketId: string }): ReactNode {
  const studio = useStudio();
  const forest = useForest();
  const { data } = useQuery(studio.reads.instances);
  if (!data) return null;
  const path = pathTo(forest, bucketId);
  const nearest = nearestOf(data, [...path.map((branch) => branch.id).reverse(), null]);
  const here = data.find((one) => one.processor_id === EXPAND && one.bucket_id === bucketId);
  const isOn = nearest?.enabled ?? false;
  const from = nearest && nearest !== here ? path.find((branch) => branch.id === nearest.bucket_id)?.name : undefined;
  const note = !isOn || nearest === here ? "" : from ? `as in ${from}` : "as everywhere";
  return (
    <Switch
      className="switch"
      isSelected={isOn}
      onChange={(on) => void studio.deeds.expandAutomatically(bucketId, on, here)}
    >
      <span className="switch-track" aria-hidden="true" />
      <span>Expand automatically</span>
      {note && <span className="quiet">{note}</span>}
    </Switch>
  );
}

function nearestOf(all: readonly Instance[], around: readonly (string | null)[]): Instance | undefined {
  for (const bucketId of around) {
    const found = all.find((one) => one.processor_id === EXPAND && one.bucket_id === bucketId);
    if (found) return found;
  }
  return undefined;
}
