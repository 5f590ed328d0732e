/** The history of a note: its versions by day, and one of them to read, compare or restore. */

import { useInfiniteQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { Button } from "react-aria-components";
import { errorMessage } from "../../api/errors";
import { useStudio } from "../../studio/context";
import { text } from "../../text";
import { DialogTitle } from "../../ui/DialogTitle";
import { RevisionList } from "./RevisionList";
import { RevisionView } from "./RevisionView";
import { groupByDay } from "./revisionGroups";

export function HistoryDialog({ blobId, close }: { blobId: string; close: () => void }): ReactNode {
  const query = useInfiniteQuery(useStudio().queries.revisions(blobId));
  const [chosenId, choose] = useState<string | null>(null);
  const revisions = query.data?.pages.flatMap((page) => page.items) ?? [];
  const days = groupByDay(revisions);
  const newest = revisions[0];
  // What one looks for is seldom what is there now.
  const second = days.flatMap((day) => day.sessions)[1]?.newest;
  const shown = revisions.find(({ id }) => id === chosenId) ?? second ?? newest;
  return (
    <>
      <DialogTitle>{text.notes.historyTitle}</DialogTitle>
      {query.error && (
        <p className="wrong" role="alert">
          {text.notes.versionsUnreadable} {errorMessage(query.error)}
        </p>
      )}
      {query.isPending && <p role="status">{text.general.reading}</p>}
      {newest && shown && (
        <div className="history">
          <div className="history-list">
            <RevisionList days={days} newest={newest} shown={shown} choose={choose} />
            {query.hasNextPage && (
              <Button
                className="button"
                isPending={query.isFetchingNextPage}
                onPress={() => void query.fetchNextPage()}
              >
                {text.notes.olderVersions}
              </Button>
            )}
          </div>
          <RevisionView blobId={blobId} shown={shown} newest={newest} close={close} key={shown.id} />
        </div>
      )}
      <div className="dialog-foot">
        <Button className="button" onPress={close}>
          {text.general.close}
        </Button>
      </div>
    </>
  );
}
