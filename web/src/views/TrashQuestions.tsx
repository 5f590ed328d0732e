/** The questions before something goes to the trash, comes back to another place, or is gone for good. */

import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Button } from "react-aria-components";
import { type Branch, pathInWords } from "../model/forest";
import type { Content } from "../model/going";
import { contentOf, type TrashItem } from "../model/nouns";
import { inWords } from "../model/problem";
import { counted, firstLine, spoken } from "../model/words";
import { BucketPicker } from "./BucketPicker";
import { useForest, useStudio } from "./context";
import { Paths } from "./PlaceQuestions";
import { Title } from "./Title";
import { nameOf } from "./Trash";

interface TrashNoteProps {
  blobId: string;
  /** The bucket it was looked at in. */
  from: string;
  close: () => void;
}

/** Asked only when the note stands in several places: then the two verbs differ. */
export function TrashNote({ blobId, from, close }: TrashNoteProps): ReactNode {
  const { deeds, drafts, reads } = useStudio();
  const type = spoken(useForest().byId.get(from)?.type ?? "bucket");
  const places = useQuery(reads.places(blobId));
  const does = (act: Promise<void>) => {
    close();
    void act;
  };
  return (
    <>
      <Title>Move this note to the trash?</Title>
      <blockquote className="excerpt">
        {firstLine(drafts.draft(drafts.keyOf(blobId))?.text ?? "", 160) || "An empty note"}
      </blockquote>
      <p>
        It goes from all{places.data ? ` ${places.data.length}` : ""} places where it stands. To have it gone from this{" "}
        {type} alone, take it out.
      </p>
      <Paths paths={places.data ?? []} from={from} />
      {places.error && <p className="wrong">{inWords(places.error)}</p>}
      <div className="dialog-foot">
        <Button className="button" onPress={close}>
          Cancel
        </Button>
        <Button className="button" autoFocus onPress={() => does(deeds.takeOut(from, blobId, undefined))}>
          Take out of this {type}
        </Button>
        <Button className="button danger" onPress={() => does(deeds.trashNote(blobId))}>
          Move to the trash
        </Button>
      </div>
    </>
  );
}

export function TrashBucket({ id, close }: { id: string; close: () => void }): ReactNode {
  const { deeds } = useStudio();
  const branch = useForest().byId.get(id);
  const go = () => {
    close();
    void deeds.trashBucket(id);
  };
  return (
    <>
      <Title>Move {branch ? `“${branch.name}”` : "it"} to the trash?</Title>
      {branch ? <Along branch={branch} /> : <p>It is not there any more.</p>}
      <p className="quiet">Everything keeps its place, its order and all its versions, and comes back whole.</p>
      <div className="dialog-foot">
        <Button className="button" onPress={close} autoFocus>
          Cancel
        </Button>
        <Button className="button danger" isDisabled={!branch} onPress={go}>
          Move to the trash
        </Button>
      </div>
    </>
  );
}

function Along({ branch }: { branch: Branch }): ReactNode {
  const { data, error } = useQuery(useStudio().reads.going(branch));
  if (error) return <p className="wrong">What goes along could not be counted. {inWords(error)}</p>;
  if (!data) return <p role="status">Looking what goes along…</p>;
  const buckets = data.buckets > 0 ? counted(data.buckets, "bucket") : "";
  if (!data.content) {
    return (
      <p>
        {buckets ? `${buckets} and all notes in them go along` : "All notes in it go along"}; notes that also stand
        elsewhere stay there.
      </p>
    );
  }
  return (
    <>
      <p>{alongInWords(buckets, data.content)}</p>
      <Staying content={data.content} />
    </>
  );
}

function alongInWords(buckets: string, { notes, others }: Content): string {
  const parts = [
    buckets,
    notes > 0 ? counted(notes, "note") : "",
    others > 0 ? counted(others, "text made of them", "texts made of them") : "",
  ].filter(Boolean);
  if (parts.length === 0) return "Nothing else goes along.";
  const last = parts.pop();
  return `With it ${parts.length > 0 ? `go ${parts.join(", ")} and` : "goes what it holds:"} ${last}.`;
}

function Staying({ content: { staying } }: { content: Content }): ReactNode {
  const forest = useForest();
  if (staying.length === 0) return null;
  const shown = staying.slice(0, MOST_SHOWN);
  return (
    <section aria-label="What stays">
      <p>{staying.length === 1 ? "One note stays" : `${staying.length} notes stay`}, also standing elsewhere:</p>
      <ul className="places">
        {shown.map(({ blob, bucketId }) => (
          <li key={blob.id}>
            {firstLine(contentOf(blob), 60) || "An empty note"}{" "}
            <span className="quiet">in {pathInWords(forest, bucketId) || "another bucket"}</span>
          </li>
        ))}
        {staying.length > shown.length && <li>and {staying.length - shown.length} more</li>}
      </ul>
    </section>
  );
}

const MOST_SHOWN = 8;

interface RestoreBucketProps {
  id: string;
  name: string;
  close: () => void;
}

export function RestoreBucket({ id, name, close }: RestoreBucketProps): ReactNode {
  const { deeds } = useStudio();
  return (
    <>
      <Title>Where shall “{name}” go?</Title>
      <p className="quiet">The bucket it stood in is in the trash itself, or not there any more.</p>
      <BucketPicker
        label={`Restore ${name} into`}
        top="To the top, outside of every bucket"
        allows={() => true}
        pick={(parent) => {
          close();
          void deeds.restoreBucket(id, name, parent);
        }}
      />
      <div className="dialog-foot">
        <Button className="button" onPress={close}>
          Leave it in the trash
        </Button>
      </div>
    </>
  );
}

/** For one thing, or with null for all of the trash. */
export function Purge({ item, close }: { item: TrashItem | null; close: () => void }): ReactNode {
  const { deeds } = useStudio();
  const go = () => {
    close();
    void deeds.purge(item?.id ?? null);
  };
  return (
    <>
      <Title>{item ? `Delete “${nameOf(item)}” for good?` : "Empty the trash?"}</Title>
      <p>
        {item ? "It is deleted with all that went along" : "Everything in the trash is deleted"}, and so is every
        version that was kept of it. <strong>This cannot be undone.</strong>
      </p>
      <div className="dialog-foot">
        <Button className="button" onPress={close} autoFocus>
          Cancel
        </Button>
        <Button className="button danger" onPress={go}>
          {item ? "Delete for good" : "Delete everything for good"}
        </Button>
      </div>
    </>
  );
}
