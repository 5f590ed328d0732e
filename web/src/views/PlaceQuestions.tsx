/** Where a note stands: all its paths, a way to each, and one more place for it. */

import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Button } from "react-aria-components";
import type { PathBucket } from "../model/nouns";
import { inWords } from "../model/problem";
import { BucketPicker } from "./BucketPicker";
import { useAsk, useForest, useStudio } from "./context";
import { Title } from "./Title";

interface PlacesOfNoteProps {
  blobId: string;
  from: string;
  close: () => void;
}

export function PlacesOfNote({ blobId, from, close }: PlacesOfNoteProps): ReactNode {
  const { deeds, reads } = useStudio();
  const ask = useAsk();
  const places = useQuery(reads.places(blobId));
  const paths = places.data ?? [];
  return (
    <>
      <Title>Where this note stands</Title>
      <p className="quiet">It is one note: a change in one place is a change in all of them.</p>
      {places.error && <p className="wrong">{inWords(places.error)}</p>}
      <Paths
        paths={paths}
        from={from}
        go={close}
        takeOut={paths.length > 1 ? (bucketId) => void deeds.takeOut(bucketId, blobId, undefined) : undefined}
      />
      <div className="dialog-foot">
        <Button className="button" onPress={() => ask({ kind: "place", blobId })}>
          Place in another bucket too…
        </Button>
        <Button className="button primary" onPress={close} autoFocus>
          Close
        </Button>
      </div>
    </>
  );
}

interface PathsProps {
  paths: readonly PathBucket[][];
  /** The bucket it is looked at in. */
  from: string;
  /** Told when somebody goes to one; left out, the paths are no links. */
  go?: (() => void) | undefined;
  takeOut?: ((bucketId: string) => void) | undefined;
}

export function Paths({ paths, from, go, takeOut }: PathsProps): ReactNode {
  return (
    <ul className="paths" aria-label="Places">
      {paths.map((path) => {
        const bucket = path.at(-1);
        const words = path.map((one) => one.name).join(" › ");
        return (
          <li key={bucket?.id}>
            {go ? (
              <a href={`#/${bucket?.id}`} onClick={go}>
                {words}
              </a>
            ) : (
              <span>{words}</span>
            )}
            {bucket?.id === from && <span className="quiet">here</span>}
            {takeOut && bucket && (
              <Button className="link" aria-label={`Take out of ${words}`} onPress={() => takeOut(bucket.id)}>
                Take out
              </Button>
            )}
          </li>
        );
      })}
    </ul>
  );
}

export function PlaceNote({ blobId, close }: { blobId: string; close: () => void }): ReactNode {
  return (
    <>
      <Title>Place the note in another bucket too</Title>
      <p className="quiet">It stays one note: a change in one place is a change in all of them.</p>
      <OnePlace blobId={blobId} close={close} said="The note is now in {} too." />
      <div className="dialog-foot">
        <Button className="button" onPress={close}>
          Cancel
        </Button>
      </div>
    </>
  );
}

interface HomeOfNoteProps {
  blobId: string;
  close: () => void;
  leave: () => void;
}

/** A restored note whose buckets are all in the trash, or gone. */
export function HomeOfNote({ blobId, close, leave }: HomeOfNoteProps): ReactNode {
  return (
    <>
      <Title>Where shall the note stand?</Title>
      <p className="quiet">The buckets it stood in are in the trash themselves, or not there any more.</p>
      <OnePlace blobId={blobId} close={close} said="Restored the note into {}." />
      <div className="dialog-foot">
        <Button className="button" onPress={leave}>
          Leave it in the trash
        </Button>
      </div>
    </>
  );
}

interface OnePlaceProps {
  blobId: string;
  close: () => void;
  /** What is said when it has worked; `{}` stands for the bucket. */
  said: string;
}

function OnePlace({ blobId, close, said }: OnePlaceProps): ReactNode {
  const { deeds, reads } = useStudio();
  const forest = useForest();
  const taken = new Set(useQuery(reads.places(blobId)).data?.map((path) => path.at(-1)?.id));
  return (
    <BucketPicker
      label="Place the note in"
      allows={(branch) => !taken.has(branch.id)}
      pick={(bucketId) => {
        close();
        if (bucketId === null) return;
        const name = forest.byId.get(bucketId)?.name ?? "the bucket";
        void deeds.place(bucketId, blobId, undefined, said.replace("{}", `“${name}”`));
      }}
    />
  );
}
