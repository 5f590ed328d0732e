/** The page of one bucket: what is in it, and its notes in order, each beside its expansion. */

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { type ReactNode, useMemo } from "react";
import { Button } from "react-aria-components";
import { useForest, useStudio } from "../../../studio/context";
import { linkTo, TRASH_ROUTE } from "../../../studio/route";
import { text } from "../../../text";
import { useDelayedTrue } from "../../../ui/hooks";
import { Icon } from "../../../ui/Icon";
import { Message } from "../../../ui/Message";
import { QueryError } from "../../../ui/QueryError";
import { NoteRow } from "../../editor/NoteRow";
import { UploadList } from "../../files/UploadList";
import { BatchList } from "../../processors/batches/BatchList";
import { BucketHeader, ChildBuckets } from "./BucketHeader";
import { EmptyBucket } from "./EmptyBucket";
import { LoadMore } from "./LoadMore";
import { sortBlobs, useNewNote, useNoteRows } from "./noteRows";
import { OtherBlobs } from "./OtherBlobs";

const SLOW_MS = 300;

export function BucketPage({ bucketId }: { bucketId: string }): ReactNode {
  const { queries } = useStudio();
  const { isSuccess } = useQuery(queries.forest);
  const items = useInfiniteQuery(queries.items(bucketId));
  const isSlow = useDelayedTrue(items.isPending, SLOW_MS);
  const branch = useForest().byId.get(bucketId);
  const blobs = useMemo(() => sortBlobs(items.data?.pages.flatMap((page) => page.items) ?? []), [items.data]);
  const rows = useNoteRows(bucketId, blobs);
  const { newKey, addNote } = useNewNote(bucketId);
  const isEmpty = rows.length + blobs.others.length === 0 && (branch?.children.length ?? 0) === 0;

  if (isSuccess && !branch && !items.data) return <MissingBucket />;
  return (
    <article className="chapter" aria-labelledby="chapter-name">
      <BucketHeader bucketId={bucketId} branch={branch} addNote={addNote} />
      {branch && <ChildBuckets branch={branch} />}
      <UploadList bucketId={bucketId} />
      <BatchList bucketId={bucketId} />
      {isSlow && items.isPending && <p role="status">{text.general.opening}</p>}
      {items.error && (
        <QueryError
          className="trouble"
          message={text.library.notesUnreadable}
          error={items.error}
          retry={items.refetch}
        />
      )}
      {items.isSuccess && isEmpty && <EmptyBucket branch={branch} addNote={addNote} />}
      <ol className="notes" aria-label={text.library.notes}>
        {rows.map((row, index) => (
          <NoteRow {...row} key={row.draftKey} number={index + 1} bucketId={bucketId} isNew={row.draftKey === newKey} />
        ))}
      </ol>
      {items.hasNextPage && (
        <LoadMore
          label={text.library.moreNotes}
          isLoading={items.isFetchingNextPage}
          load={() => void items.fetchNextPage()}
        />
      )}
      {items.isSuccess && !isEmpty && (
        <Button className="button add-note" onPress={addNote}>
          <Icon name="plus" /> {text.library.addNote}
        </Button>
      )}
      <OtherBlobs blobs={blobs.others} bucketId={bucketId} />
    </article>
  );
}

function MissingBucket(): ReactNode {
  const trash = <a href={linkTo(TRASH_ROUTE)}>{text.library.trashLink}</a>;
  return (
    <div className="welcome">
      <h1>{text.library.missing}</h1>
      <p>
        <Message text={text.library.missingExplained} values={{ trash }} />
      </p>
    </div>
  );
}
