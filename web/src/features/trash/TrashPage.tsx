/** The page of the trash: what went there, when, with how much, and its way back. */

import { useInfiniteQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Button } from "react-aria-components";
import { useStudio } from "../../studio/context";
import { useOpenDialog } from "../../studio/dialogs";
import { text } from "../../text";
import { useDelayedTrue } from "../../ui/hooks";
import { QueryError } from "../../ui/QueryError";
import { TrashRow } from "./TrashRow";

const SLOW_MS = 300;

export function TrashPage(): ReactNode {
  const query = useInfiniteQuery(useStudio().queries.trash);
  const openDialog = useOpenDialog();
  const isSlow = useDelayedTrue(query.isPending, SLOW_MS);
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <article className="chapter" aria-labelledby="trash-name">
      <header className="chapter-head">
        <h1 id="trash-name">{text.trash.title}</h1>
        {items.length > 0 && (
          <Button className="button danger" onPress={() => openDialog({ kind: "purge", item: null })}>
            {text.trash.emptyAsking}
          </Button>
        )}
      </header>
      {isSlow && query.isPending && <p role="status">{text.general.opening}</p>}
      {query.error && (
        <QueryError className="trouble" message={text.trash.unreadable} error={query.error} retry={query.refetch} />
      )}
      {query.isSuccess && items.length === 0 && <p className="teach">{text.trash.isEmpty}</p>}
      {items.length > 0 && (
        <ul className="trash" aria-label={text.trash.inTheTrash}>
          {items.map((item) => (
            <TrashRow item={item} now={query.dataUpdatedAt} key={item.id} />
          ))}
        </ul>
      )}
      {query.hasNextPage && (
        <Button className="button" isPending={query.isFetchingNextPage} onPress={() => void query.fetchNextPage()}>
          {text.trash.showMore}
        </Button>
      )}
    </article>
  );
}
