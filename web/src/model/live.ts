/** The one writer of what events change: the server says that something happened, and what we know follows. */

import type { InfiniteData } from "@tanstack/react-query";
import type { Api } from "../api";
import type { Drafts } from "./drafts";
import { type Forest, withBucket, without } from "./forest";
import {
  type BlobEvent,
  type BucketEvent,
  type Item,
  NOTE,
  type Page,
  type PlacementEvent,
  type ServerSays,
} from "./nouns";
import { Problem } from "./problem";
import { derivedOf, FOREST, INSTANCES, itemsOf, placesOf, type Reads, revisionsOf, TRASHED } from "./reads";
import { afterEvent, type Runs, withRuns } from "./runs";
import type { Store } from "./store";

const GATHERED = 30; // ms in which changes are gathered, so that an import of a thousand is a few reads
const ONE_BY_ONE = 6; // buckets; beyond it, reading the whole forest costs less

export class Live {
  #buckets = new Set<string>();
  #stale = new Map<string, readonly unknown[]>();
  #gathering = false;

  constructor(
    private readonly api: Api,
    private readonly reads: Reads,
    private readonly drafts: Drafts,
    private readonly runs: Store<Runs>,
  ) {}

  hear(said: ServerSays): void {
    switch (said.type) {
      case "hello":
      case "reset":
        return this.readAnew();
      case "ok":
      case "error":
      case "resumed":
        return;
      case "blob.created":
      case "blob.updated":
      case "blob.trashed":
      case "blob.restored":
      case "blob.purged":
      case "blob.named":
        return this.#blob(said);
      case "bucket.created":
      case "bucket.updated":
      case "bucket.moved":
      case "bucket.trashed":
      case "bucket.restored":
      case "bucket.purged":
        return this.#bucket(said);
      case "bucket.blob.added":
      case "bucket.blob.removed":
      case "bucket.blob.moved":
        return this.#placed(said);
      case "instance.changed":
        return this.#isStale(INSTANCES);
      default:
        this.runs.set((runs) => afterEvent(runs, said));
        if (said.type === "processor.completed") this.#isStale(derivedOf(said.blob_id));
    }
  }

  /** Nobody knows what was missed: everything on the screen is read again, and stays there until it is. */
  readAnew(): void {
    void this.reads.client.invalidateQueries();
    for (const status of ["requested", "running"] as const) {
      this.api.runs(status).then(
        ({ items }) => this.runs.set((runs) => withRuns(runs, items)),
        () => undefined, // only progress would be missing, and the next event brings it
      );
    }
  }

  #blob(said: BlobEvent): void {
    this.#isStale(revisionsOf(said.blob_id));
    if (said.type === "blob.named") return;
    if (said.type === "blob.trashed" || said.type === "blob.purged") this.drafts.lost(said.blob_id);
    if (said.type === "blob.restored") this.drafts.retry(this.drafts.keyOf(said.blob_id));
    if (said.type !== "blob.updated" && said.type !== "blob.created") this.#isStale(TRASHED);
    if (said.parent_id !== null) this.#isStale(derivedOf(said.parent_id));
    if (said.schema_id !== NOTE) return this.#listsAreStale(said.bucket_ids);
    if (said.type === "blob.updated") {
      if (this.drafts.hearsOf(said.blob_id, said.revision)) this.readNote(said.blob_id);
      // Drafts hold the text on the screen; lists that are not on it are read when they are opened.
      for (const id of said.bucket_ids) {
        void this.reads.client.invalidateQueries({ queryKey: itemsOf(id), refetchType: "none" });
      }
      return;
    }
    // The answer to our own create names the draft that it belongs to; the list is read after that.
    if (said.type === "blob.created" && this.drafts.creating()) return;
    this.#listsAreStale(said.bucket_ids);
  }

  readNote(blobId: string): void {
    this.reads.note(blobId).catch((error: unknown) => {
      if (error instanceof Problem && error.status === 404) this.drafts.lost(blobId);
    });
  }

  /** A blob carries the list of all its places, also in the lists of the buckets that nothing happened to. */
  #placed({ type, bucket_id, blob_id }: PlacementEvent): void {
    this.#isStale(itemsOf(bucket_id));
    this.#isStale(placesOf(blob_id));
    if (type === "bucket.blob.moved") return;
    const there = type === "bucket.blob.added";
    this.reads.client.setQueriesData<InfiniteData<Page<Item>>>({ queryKey: ["items"] }, (list) => {
      const holds = list?.pages.some((page) => page.items.some((item) => isBlob(item, blob_id)));
      if (!list || !holds) return list;
      const known = (item: Item) => (isBlob(item, blob_id) ? withPlace(item, bucket_id, there) : item);
      return { ...list, pages: list.pages.map((page) => ({ ...page, items: page.items.map(known) })) };
    });
  }

  #bucket(said: BucketEvent): void {
    if (said.type !== "bucket.created" && said.type !== "bucket.updated") this.#isStale(TRASHED);
    if (said.type === "bucket.trashed" || said.type === "bucket.purged") {
      this.forest((forest) => without(forest, said.bucket_id));
    } else if (said.type === "bucket.restored") this.#isStale(FOREST);
    else {
      this.#buckets.add(said.bucket_id);
      this.#gather();
    }
  }

  forest(change: (forest: Forest) => Forest): void {
    this.reads.client.setQueryData<Forest>(FOREST, (forest) => forest && change(forest));
  }

  #listsAreStale(bucketIds: readonly string[]): void {
    for (const id of bucketIds) this.#isStale(itemsOf(id));
  }

  #isStale(key: readonly unknown[]): void {
    this.#stale.set(key.join(" "), key);
    this.#gather();
  }

  #gather(): void {
    if (this.#gathering) return;
    this.#gathering = true;
    setTimeout(() => {
      this.#gathering = false;
      const [keys, buckets] = [[...this.#stale.values()], [...this.#buckets]];
      this.#stale.clear();
      this.#buckets.clear();
      for (const queryKey of keys) void this.reads.client.invalidateQueries({ queryKey });
      if (buckets.length > ONE_BY_ONE) void this.reads.client.invalidateQueries({ queryKey: FOREST });
      else for (const id of buckets) this.#readBucket(id);
    }, GATHERED);
  }

  #readBucket(id: string): void {
    this.api.bucket(id).then(
      (bucket) => this.forest((forest) => withBucket(forest, bucket)),
      (error: unknown) => {
        if (error instanceof Problem && error.status === 404) this.forest((forest) => without(forest, id));
        else void this.reads.client.invalidateQueries({ queryKey: FOREST }); // which is tried more than once
      },
    );
  }
}

type BlobItem = Extract<Item, { kind: "blob" }>;

function isBlob(item: Item, id: string): item is BlobItem {
  return item.kind === "blob" && item.blob.id === id;
}

function withPlace(item: BlobItem, bucketId: string, there: boolean): BlobItem {
  const others = item.blob.bucket_ids.filter((id) => id !== bucketId);
  return { ...item, blob: { ...item.blob, bucket_ids: there ? [...others, bucketId] : others } };
}
