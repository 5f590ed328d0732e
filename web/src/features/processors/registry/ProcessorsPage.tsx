/** The page of all processors. */

import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { Instance } from "../../../api/types";
import { useStudio } from "../../../studio/context";
import { text } from "../../../text";
import { useDelayedTrue } from "../../../ui/hooks";
import { QueryError } from "../../../ui/QueryError";
import { ProcessorTabs } from "../ProcessorTabs";
import { ProcessorCard } from "./ProcessorCard";

const SLOW_MS = 300;

export function ProcessorsPage(): ReactNode {
  const { queries } = useStudio();
  const { data, error, isPending, refetch } = useQuery(queries.processors);
  const instances = useQuery(queries.instances);
  const isSlow = useDelayedTrue(isPending, SLOW_MS);
  return (
    <article className="chapter" aria-labelledby="processors-name">
      <ProcessorTabs />
      <header>
        <h1 id="processors-name">{text.registry.title}</h1>
        <p className="quiet">{text.registry.explained}</p>
      </header>
      {isSlow && <p role="status">{text.general.opening}</p>}
      {error && <QueryError className="trouble" message={text.registry.unreadable} error={error} retry={refetch} />}
      {instances.error && (
        <QueryError
          className="trouble"
          message={text.registry.placesUnreadable}
          error={instances.error}
          retry={instances.refetch}
        />
      )}
      {data?.length === 0 && <p className="teach">{text.registry.isEmpty}</p>}
      {data && data.length > 0 && (
        <ul className="cards" aria-label={text.registry.processors}>
          {data.map((processor) => (
            <ProcessorCard
              processor={processor}
              instances={ownInstances(instances.data, processor.id)}
              key={processor.id}
            />
          ))}
        </ul>
      )}
    </article>
  );
}

function ownInstances(all: readonly Instance[] | undefined, processorId: string): Instance[] | undefined {
  return all?.filter(({ processor_id }) => processor_id === processorId);
}
