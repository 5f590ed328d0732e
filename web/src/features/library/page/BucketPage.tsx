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
import { FindBar } from "../../editor/find/FindBar";
import { NoteRow } from "../../editor/NoteRow";
import { UploadList } from "../../files/UploadList";
import { BatchList } from "../../processors/batches/BatchList";
import { Outline } from "../outline/Outline";
import { BucketHeader } from "./BucketHeader";
import { EmptyBucket } from "./EmptyBucket";
import { useFinding } from "./finding";
import { LoadMore } from "./LoadMore";
import { type NoteRowModel, sortBlobs, useNewNote, useNoteRows } from "./noteRows";
import { OtherBlobs } from "./OtherBlobs";

const SLOW_MS = 300;

export function BucketPage({ bucketId }: { bucketId: string }): ReactNode {
  const { queries } = useStudio();
  const { isSuccess } = useQuery(queries.forest);
  const items = useInfiniteQuery(queries.items(bucketId));
  const branch = useForest().byId.get(bucketId);
  const blobs = useMemo(() => sortBlobs(items.data?.pages.flatMap((page) => page.items) ?? []), [items.data]);
  const rows = useNoteRows(bucketId, blobs);
  const { newKey, addNote } = useNewNote(bucketId);
  const draftKeys = useMemo(() => rows.map(({ draftKey }) => draftKey), [rows]);
  const [isFinding, setFinding] = useFinding(items);
  const isEmpty = rows.length + blobs.others.length === 0 && (branch?.children.length ?? 0) === 0;

  if (isSuccess && !branch && !items.data) return <MissingBucket />;
  return (
    <article className="chapter" aria-labelledby="chapter-name">
      <BucketHeader
        bucketId={bucketId}
        branch={branch}
        draftKeys={draftKeys}
        addNote={addNote}
        find={() => setFinding(true)}
      />
      {isFinding && <FindBar draftKeys={draftKeys} close={() => setFinding(false)} />}
      {branch && <Outline branch={branch} />}
      <UploadList bucketId={bucketId} />
      <BatchList bucketId={bucketId} />
      <ReadingState isPending={items.isPending} error={items.error} refetch={items.refetch} />
      {items.isSuccess && isEmpty && <EmptyBucket branch={branch} addNote={addNote} />}
      <Manuscript rows={rows} bucketId={bucketId} newKey={newKey} />
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

interface ReadingStateProps {
  isPending: boolean;
  error: Error | null;
  refetch: () => unknown;
}

/** That the notes are being read, once it takes long, or that they could not be. */
function ReadingState({ isPending, error, refetch }: ReadingStateProps): ReactNode {
  const isSlow = useDelayedTrue(isPending, SLOW_MS);
  if (error) {
    return <QueryError className="trouble" message={text.library.notesUnreadable} error={error} retry={refetch} />;
  }
  return isSlow && isPending && <p role="status">{text.general.opening}</p>;
}

interface ManuscriptProps {
  rows: readonly NoteRowModel[];
  bucketId: string;
  newKey: string | null;
}

/** The notes as one text, through which the cursor goes from the end of one into the next. */
function Manuscript({ rows, bucketId, newKey }: ManuscriptProps): ReactNode {
  return (
    <ol className="notes" aria-label={text.library.notes}>
      {rows.map((row, index) => (
        <NoteRow {...row} key={row.draftKey} number={index + 1} bucketId={bucketId} isNew={row.draftKey === newKey} />
      ))}
    </ol>
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
