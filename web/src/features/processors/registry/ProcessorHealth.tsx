/** How a processor does: its workers, what waits, and how long it takes. */

import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { Processor } from "../../../api/types";
import { useStudio } from "../../../studio/context";
import { text } from "../../../text";
import { Icon } from "../../../ui/Icon";
import { healthPhrases } from "./processorText";

export function ProcessorHealth({ processor: { id, name } }: { processor: Processor }): ReactNode {
  const { data, isError } = useQuery(useStudio().queries.health(id));
  if (isError && !data) return <p className="quiet">{text.registry.healthUnreadable}</p>;
  if (!data) return <p className="quiet">{text.general.reading}</p>;
  if (data.live_workers === 0) {
    return (
      <p className="health none">
        <Icon name="alert" /> {text.registry.noWorker}
      </p>
    );
  }
  return (
    <ul className="health" aria-label={text.registry.healthOf(name)}>
      {healthPhrases(data).map((phrase) => (
        <li key={phrase}>{phrase}</li>
      ))}
    </ul>
  );
}
