/** The trash: what went, when, with how much, and its way back. */

import { useInfiniteQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Button } from "react-aria-components";
import { NOTE, type TrashItem, textOf } from "../model/nouns";
import { inWords } from "../model/problem";
import { age, bothCounted, firstLine, spoken } from "../model/words";
import { useAsk, useLasting, useStudio } from "./context";
import { Icon, pictureOf } from "./icons";

const JUST_NOW = 60_000; // ms

export function Trash(): ReactNode {
  const read = useInfiniteQuery(useStudio().reads.trash);
  const ask = useAsk();
  const slow = useLasting(read.isPending, 300);
  const items = read.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <article className="chapter" aria-labelledby="trash-name">
      <header className="chapter-head">
        <h1 id="trash-name">Trash</h1>
        {items.length > 0 && (
          <Button className="button danger" onPress={() => ask({ kind: "purge", item: null })}>
            Empty the trash…
          </Button>
        )}
      </header>
      {slow && read.isPending && <p role="status">Opening…</p>}
      {read.error && (
        <div className="trouble" role="alert">
          <p>The trash could not be read. {inWords(read.error)}</p>
          <Button className="button" onPress={() => void read.refetch()}>
            Try again
          </Button>
        </div>
      )}
      {read.isSuccess && items.length === 0 && (
        <p className="teach">
          The trash is empty. What you move here keeps its places, its order and all its versions, and comes back whole.
        </p>
      )}
      {items.length > 0 && (
        <ul className="trash" aria-label="In the trash">
          {items.map((item) => (
            <Row item={item} now={read.dataUpdatedAt} key={item.id} />
          ))}
        </ul>
      )}
      {read.hasNextPage && (
        <Button className="button" isPending={read.isFetchingNextPage} onPress={() => void read.fetchNextPage()}>
          Show more
        </Button>
      )}
    </article>
  );
}

interface RowProps {
  item: TrashItem;
  /** When the list was read, in ms. */
  now: number;
}

function Row({ item, now }: RowProps): ReactNode {
  const { deeds } = useStudio();
  const ask = useAsk();
  const name = nameOf(item);
  const restore = async () => {
    if (item.kind === "bucket") {
      if (!(await deeds.restoreBucket(item.id, name))) ask({ kind: "restore", id: item.id, name });
      return;
    }
    const blob = await deeds.restoreNote(item.id);
    if (blob?.bucket_ids.length === 0) ask({ kind: "home", blobId: blob.id });
  };
  return (
    <li>
      <Icon of={pictureOf(item.bucket?.type ?? "scene")} />
      <div>
        <p className="trash-name">{name}</p>
        <p className="quiet">
          {kindOf(item)}
          {alongInWords(item)} · <When at={item.trashed_at} now={now} />
        </p>
      </div>
      <div className="row">
        <Button className="button" aria-label={`Restore ${name}`} onPress={() => void restore()}>
          Restore
        </Button>
        <Button
          className="icon-button"
          aria-label={`Delete ${name} for good`}
          onPress={() => ask({ kind: "purge", item })}
        >
          <Icon of="trash" />
        </Button>
      </div>
    </li>
  );
}

export function nameOf({ bucket, blob }: TrashItem): string {
  return bucket?.name ?? (firstLine(blob ? textOf(blob) : "", 80) || "An empty note");
}

/** ", with 2 buckets and 5 texts"; nothing for what goes alone by nature. */
function alongInWords({ kind, bucket_count, blob_count }: TrashItem): string {
  if (kind === "blob") return "";
  const along = bothCounted(bucket_count - 1, blob_count);
  return along ? `, with ${along}` : ", empty";
}

function kindOf({ bucket, blob }: TrashItem): string {
  return bucket ? spoken(bucket.type) : blob?.schema_id === NOTE ? "note" : (blob?.schema_id ?? "text");
}

function When({ at, now }: { at: string; now: number }): ReactNode {
  const then = new Date(at);
  const past = now - then.getTime();
  return (
    <time dateTime={at} title={then.toLocaleString()}>
      {past < JUST_NOW ? "just now" : `${age(past)} ago`}
    </time>
  );
}
