/** The page of runs that were given up. */

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { type ReactNode, useMemo } from "react";
import { Button } from "react-aria-components";
import { useStudio } from "../../../studio/context";
import { text } from "../../../text";
import { useDelayedTrue } from "../../../ui/hooks";
import { QueryError } from "../../../ui/QueryError";
import { LoadMore } from "../../library/page/LoadMore";
import { ProcessorTabs } from "../ProcessorTabs";
import { DeadLetterRow } from "./DeadLetterRow";

const SLOW_MS = 300;

export function DeadLettersPage(): ReactNode {
  const { queries } = useStudio();
  const query = useInfiniteQuery(queries.deadLetters);
  const { data: processors = [] } = useQuery(queries.processors);
  const isSlow = useDelayedTrue(query.isPending, SLOW_MS);
  const letters = query.data?.pages.flatMap((page) => page.items) ?? [];
  const names = useMemo(() => new Map(processors.map(({ id, name }) => [id, name])), [processors]);
  return (
    <article className="chapter" aria-labelledby="dead-letters-name">
      <ProcessorTabs />
      <PageHead count={letters.length} />
      {isSlow && <p role="status">{text.general.opening}</p>}
      {query.error && (
        <QueryError
          className="trouble"
          message={text.deadLetters.unreadable}
          error={query.error}
          retry={query.refetch}
        />
      )}
      {query.isSuccess && letters.length === 0 && <p className="teach">{text.deadLetters.isEmpty}</p>}
      {letters.length > 0 && (
        <ul className="rows" aria-label={text.deadLetters.list}>
          {letters.map((letter) => (
            <DeadLetterRow
              letter={letter}
              processorName={names.get(letter.processor_id) ?? letter.processor_id}
              now={query.dataUpdatedAt}
              key={letter.id}
            />
          ))}
        </ul>
      )}
      {query.hasNextPage && (
        <LoadMore
          label={text.deadLetters.showMore}
          isLoading={query.isFetchingNextPage}
          load={() => void query.fetchNextPage()}
        />
      )}
    </article>
  );
}

function PageHead({ count }: { count: number }): ReactNode {
  const { deadLetters } = useStudio();
  return (
    <header className="chapter-head">
      <div>
        <h1 id="dead-letters-name">{text.deadLetters.title}</h1>
        {count > 0 && <p className="quiet">{text.deadLetters.explained}</p>}
      </div>
      {count > 1 && (
        <Button className="button" onPress={() => void deadLetters.replayAll()}>
          {text.deadLetters.replayAll}
        </Button>
      )}
    </header>
  );
}
