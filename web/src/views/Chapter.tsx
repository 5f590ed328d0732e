/** One bucket, open: what it contains, and its notes in order, each beside its expansion. */

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { type ReactNode, useEffect, useMemo, useRef, useSyncExternalStore } from "react";
import { Button } from "react-aria-components";
import { type Branch, pathTo } from "../model/forest";
import { type Blob, EXPANSION, type Item, NOTE } from "../model/nouns";
import { inWords } from "../model/problem";
import { TRASH } from "../model/where";
import { AutoExpand } from "./AutoExpand";
import { useAsk, useForest, useLasting, useStudio } from "./context";
import { Icon, pictureOf } from "./icons";
import { NoteRow } from "./NoteRow";
import { OtherBlobs } from "./OtherBlobs";

export function Chapter({ bucketId }: { bucketId: string }): ReactNode {
  const studio = useStudio();
  const forest = useForest();
  const { isSuccess } = useQuery(studio.reads.forest);
  const items = useInfiniteQuery(studio.reads.items(bucketId));
  const slow = useLasting(items.isPending, 300);
  const branch = forest.byId.get(bucketId);
  const blobs = useMemo(() => blobsOf(items.data?.pages.flatMap((page) => page.items) ?? []), [items.data]);
  const rows = useRows(bucketId, blobs);
  const { newKey, addNote } = useNewNote(bucketId);

  if (isSuccess && !branch && !items.data) return <Missing />;
  return (
    <article className="chapter" aria-labelledby="chapter-name">
      <ChapterHead bucketId={bucketId} branch={branch} addNote={addNote} />
      {branch && <Contents branch={branch} />}
      {slow && items.isPending && <p role="status">Opening…</p>}
      {items.error && (
        <div className="trouble" role="alert">
          <p>The notes could not be read. {inWords(items.error)}</p>
          <Button className="button" onPress={() => void items.refetch()}>
            Try again
          </Button>
        </div>
      )}
      {items.isSuccess && rows.length === 0 && <FirstNote branch={branch} addNote={addNote} />}
      <ol className="notes" aria-label="Notes">
        {rows.map((row, at) => (
          <NoteRow
            key={row.key}
            noteKey={row.key}
            number={at + 1}
            bucketId={bucketId}
            before={row.before}
            behind={row.behind}
            isNew={row.key === newKey}
            places={row.places}
          />
        ))}
      </ol>
      {items.hasNextPage && <More isBusy={items.isFetchingNextPage} more={() => void items.fetchNextPage()} />}
      {items.isSuccess && (rows.length > 0 || (branch?.children.length ?? 0) > 0) && (
        <Button className="button add-note" onPress={addNote}>
          <Icon of="plus" /> Add a note
        </Button>
      )}
      <OtherBlobs blobs={blobs.others} bucketId={bucketId} />
    </article>
  );
}

interface Blobs {
  /** Every blob of the bucket in order, for saying where a note goes. */
  order: string[];
  notes: Blob[];
  others: Blob[];
}

function blobsOf(items: readonly Item[]): Blobs {
  const all = items.flatMap((item) => (item.kind === "blob" ? [item.blob] : []));
  const notes = all.filter((blob) => blob.schema_id === NOTE);
  const ids = new Set(notes.map((note) => note.id));
  // An expansion stands beside its note; one whose note lives elsewhere is shown for itself.
  const isBeside = (blob: Blob) => blob.schema_id === EXPANSION && blob.parent_id !== null && ids.has(blob.parent_id);
  const others = all.filter((blob) => blob.schema_id !== NOTE && !isBeside(blob));
  return { order: all.map((blob) => blob.id), notes, others };
}

interface Row {
  key: string;
  /** Behind which blob the note would stand one place higher (null: first) or lower; undefined: it cannot. */
  before: string | null | undefined;
  behind: string | undefined;
  places: number;
}

/** The notes of the server's list, then those that only this window knows yet. */
function useRows(bucketId: string, { order, notes }: Blobs): Row[] {
  const { drafts } = useStudio();
  const loose = useSyncExternalStore(drafts.subscribe, () =>
    drafts
      .loose(bucketId)
      .map((draft) => draft.key)
      .join(" "),
  );
  useEffect(
    () =>
      drafts.listed(
        bucketId,
        notes.map((note) => note.id),
      ),
    [drafts, bucketId, notes],
  );
  return useMemo(() => {
    const listed = notes.map((note, at): Row => {
      const above = notes[at - 1];
      const before = above && (order[order.indexOf(above.id) - 1] ?? null);
      return { key: drafts.keyOf(note.id), before, behind: notes[at + 1]?.id, places: note.bucket_ids.length };
    });
    const known = new Set(listed.map((row) => row.key));
    const alone = loose.split(" ").filter((key) => key && !known.has(key));
    return [...listed, ...alone.map((key): Row => ({ key, before: undefined, behind: undefined, places: 1 }))];
  }, [drafts, order, notes, loose]);
}

/** A note that was just added gets the cursor; a second press does not make a second empty one. */
function useNewNote(bucketId: string) {
  const { drafts } = useStudio();
  const newest = useSyncExternalStore(
    drafts.subscribe,
    () => drafts.loose(bucketId).findLast((draft) => draft.blobId === null && draft.text === "")?.key ?? null,
  );
  const last = useRef<string | null>(null);
  if (newest) last.current = newest;
  const addNote = () => {
    if (newest) document.getElementById(`text-${newest}`)?.focus();
    else drafts.start(bucketId);
  };
  return { newKey: last.current, addNote };
}

interface ChapterHeadProps {
  bucketId: string;
  branch: Branch | undefined;
  addNote: () => void;
}

function ChapterHead({ bucketId, branch, addNote }: ChapterHeadProps): ReactNode {
  const forest = useForest();
  const ask = useAsk();
  const above = pathTo(forest, branch?.parent ?? null);
  return (
    <header className="chapter-head">
      <div>
        <nav aria-label="Path" className="path">
          {above.map((one) => (
            <span key={one.id}>
              <a href={`#/${one.id}`}>{one.name}</a> <span aria-hidden="true">›</span>{" "}
            </span>
          ))}
          <span className="type">{branch?.type}</span>
        </nav>
        <h1 id="chapter-name">{branch?.name ?? "…"}</h1>
      </div>
      <div className="chapter-tools">
        <AutoExpand bucketId={bucketId} />
        <Button className="button" onPress={() => ask({ kind: "create", parent: bucketId })}>
          <Icon of="plus" /> New bucket
        </Button>
        <Button className="button" onPress={addNote}>
          <Icon of="plus" /> New note
        </Button>
      </div>
    </header>
  );
}

function Contents({ branch }: { branch: Branch }): ReactNode {
  if (branch.children.length === 0) return null;
  return (
    <nav className="contents" aria-label={`Inside ${branch.name}`}>
      <ol>
        {branch.children.map((child) => (
          <li key={child.id}>
            <a href={`#/${child.id}`}>
              <Icon of={pictureOf(child.type)} /> {child.name} <span className="quiet">{child.type}</span>
            </a>
          </li>
        ))}
      </ol>
    </nav>
  );
}

function FirstNote({ branch, addNote }: { branch: Branch | undefined; addNote: () => void }): ReactNode {
  const ask = useAsk();
  const holds = branch?.type === "book" || branch?.type === "part";
  if (branch && branch.children.length > 0) return null;
  return (
    <div className="first-note">
      {holds ? (
        <p>
          This {branch.type} is empty. Most writers begin with a chapter; a note about the whole can stand here as well.
        </p>
      ) : (
        <p>
          Write what happens here in a few sentences: “The ship sailed into the storm. Nobody had checked the pumps.”
          Then let it be expanded, and the prose appears beside it.
        </p>
      )}
      <div className="row">
        {holds && (
          <Button
            className="button primary"
            onPress={() => ask({ kind: "create", parent: branch.id, type: "chapter" })}
          >
            Add a chapter
          </Button>
        )}
        <Button className={holds ? "button" : "button primary"} onPress={addNote}>
          Write the first note
        </Button>
      </div>
    </div>
  );
}

function Missing(): ReactNode {
  return (
    <div className="welcome">
      <h1>This bucket is not here any more</h1>
      <p>
        It may have been moved to the <a href={`#/${TRASH}`}>trash</a>, here or on another device. What you had not
        saved is kept; see the account menu.
      </p>
    </div>
  );
}

/** Reads on when it comes into view; the button is for whoever does not scroll. */
function More({ isBusy, more }: { isBusy: boolean; more: () => void }): ReactNode {
  const end = useRef<HTMLDivElement>(null);
  const next = useRef(more);
  next.current = more;
  useEffect(() => {
    const watch = new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && next.current(), {
      rootMargin: "600px",
    });
    if (end.current) watch.observe(end.current);
    return () => watch.disconnect();
  }, []);
  return (
    <div ref={end}>
      <Button className="button" isPending={isBusy} onPress={more}>
        More notes
      </Button>
    </div>
  );
}
