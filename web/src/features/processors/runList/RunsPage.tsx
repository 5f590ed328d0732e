/** The page of the user's runs: what is under way, what ended and how. */

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { type ReactNode, useMemo, useState } from "react";
import type { RunFilter } from "../../../api/client";
import { useStudio } from "../../../studio/context";
import { text } from "../../../text";
import { useDelayedTrue, useNow } from "../../../ui/hooks";
import { QueryError } from "../../../ui/QueryError";
import { LoadMore } from "../../library/page/LoadMore";
import { BatchList } from "../batches/BatchList";
import { ProcessorTabs } from "../ProcessorTabs";
import { RunFilters } from "./RunFilters";
import { RunRow } from "./RunRow";

const SLOW_MS = 300;
const ANY: RunFilter = { status: null, processorId: null };

export function RunsPage(): ReactNode {
  const { queries } = useStudio();
  const [filter, setFilter] = useState(ANY);
  const query = useInfiniteQuery(queries.runs(filter));
  const { data: processors = [] } = useQuery(queries.processors);
  const isSlow = useDelayedTrue(query.isPending, SLOW_MS);
  const runs = query.data?.pages.flatMap((page) => page.items) ?? [];
  const now = useNow(runs.some(({ finished_at }) => finished_at === null));
  const names = useMemo(() => new Map(processors.map(({ id, name }) => [id, name])), [processors]);
  const isFiltered = filter.status !== null || filter.processorId !== null;
  return (
    <article className="chapter" aria-labelledby="runs-name">
      <ProcessorTabs />
      <header className="chapter-head">
        <h1 id="runs-name">{text.runs.title}</h1>
        <RunFilters filter={filter} setFilter={setFilter} processors={processors} />
      </header>
      <BatchList />
      {isSlow && <p role="status">{text.general.opening}</p>}
      {query.error && (
        <QueryError className="trouble" message={text.runs.unreadable} error={query.error} retry={query.refetch} />
      )}
      {query.isSuccess && runs.length === 0 && (
        <p className="teach">{isFiltered ? text.runs.noneMatch : text.runs.isEmpty}</p>
      )}
      {runs.length > 0 && (
        <ul className="rows" aria-label={text.runs.list}>
          {runs.map((run) => (
            <RunRow
              run={run}
              processorName={names.get(run.processor_id) ?? run.processor_id}
              now={run.finished_at === null ? now : query.dataUpdatedAt}
              key={run.id}
            />
          ))}
        </ul>
      )}
      {query.hasNextPage && (
        <LoadMore
          label={text.runs.showMore}
          isLoading={query.isFetchingNextPage}
          load={() => void query.fetchNextPage()}
        />
      )}
    </article>
  );
}
