/** Applies the server's events to what this page has read: to the cache, the drafts and the runs. */

import { NOTE_SCHEMA } from "../api/blobContent";
import type { ApiClient } from "../api/client";
import { Problem } from "../api/errors";
import type {
  BlobEvent,
  BucketEvent,
  PlacementEvent,
  RunEvent,
  RunProgress,
  ServerMessage,
} from "../api/serverMessages";
import type { Drafts } from "../features/drafts/drafts";
import { withBucket, withoutBucket } from "../features/library/forest";
import type { BatchUpdates } from "../features/processors/batches/batchUpdates";
import { applyRunEvent, mergeListedRuns, type Runs, withoutMissed } from "../features/processors/runs";
import type { Store } from "../ui/store";
import { keys, type Queries } from "./queries";

const BATCH_MS = 30; // in which changes are gathered, so that an import of a thousand is a few requests
const RUN_LIST_MS = 1_000; // between two readings of the lists of runs, of which a thousand may end in a second
const ACTIVE_STATUSES = ["requested", "running"] as const;
const MAX_SINGLE_BUCKETS = 6; // beyond it, reading the whole forest costs less

interface LiveUpdatesDependencies {
  api: ApiClient;
  queries: Queries;
  drafts: Drafts;
  runs: Store<Runs>;
  batchUpdates: BatchUpdates;
}

export class LiveUpdates {
  #changedBuckets = new Set<string>();
  #staleKeys = new Map<string, readonly unknown[]>();
  #isBatching = false;
  #isReadingRuns = false;
  readonly #api: ApiClient;
  readonly #queries: Queries;
  readonly #drafts: Drafts;
  readonly #runs: Store<Runs>;
  readonly #batchUpdates: BatchUpdates;

  constructor({ api, queries, drafts, runs, batchUpdates }: LiveUpdatesDependencies) {
    this.#api = api;
    this.#queries = queries;
    this.#drafts = drafts;
    this.#runs = runs;
    this.#batchUpdates = batchUpdates;
  }

  apply(message: ServerMessage): void {
    switch (message.type) {
      case "hello":
      case "reset":
        return this.readEverything();
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
        return this.#applyBlobEvent(message);
      case "bucket.created":
      case "bucket.updated":
      case "bucket.moved":
      case "bucket.trashed":
      case "bucket.restored":
      case "bucket.purged":
        return this.#applyBucketEvent(message);
      case "bucket.blob.added":
      case "bucket.blob.removed":
      case "bucket.blob.moved":
        return this.#applyPlacementEvent(message);
      case "instance.changed":
        return this.#markStale(keys.instances);
      case "processor.registered":
      case "processor.removed":
        this.#markStale(keys.instances);
        return this.#markStale(keys.processors);
      case "template.created":
      case "template.deleted":
        return this.#markStale(keys.templates);
      case "pipeline.changed":
        return this.#markStale(keys.pipelines);
      case "batch.requested":
      case "batch.completed":
      case "batch.failed":
      case "batch.cancelled":
        return this.#batchUpdates.handleBatchEvent(message);
      case "processor.discarded":
        return this.#markRunListsStale();
      default:
        return this.#applyRunEvent(message);
    }
  }

  /** Nobody knows what was missed: everything on the screen is read again, and stays there until it is. */
  readEverything(): void {
    void this.#queries.client.invalidateQueries();
    const before = this.#runs.get();
    const reading = ACTIVE_STATUSES.map((status) => this.#api.listActiveRuns(status));
    Promise.all(reading).then(
      (pages) => {
        const listed = pages.flatMap(({ items }) => items);
        const isComplete = pages.every(({ next_cursor }) => next_cursor === null);
        this.#runs.set((runs) => mergeListedRuns(isComplete ? withoutMissed(runs, before, listed) : runs, listed));
      },
      () => undefined, // only progress would be missing, and the next event brings it
    );
  }

  readNote(blobId: string): void {
    this.#queries.readNote(blobId).catch((error: unknown) => {
      if (error instanceof Problem && error.status === 404) this.#drafts.handleRemoved(blobId);
    });
  }

  #applyRunEvent(event: RunEvent | RunProgress): void {
    this.#runs.set((runs) => applyRunEvent(runs, event));
    if (event.type === "processor.progress") return;
    if (event.batch_id) this.#batchUpdates.handleRunEvent(event.batch_id);
    if (event.type === "processor.completed") this.#markStale(keys.expansions(event.blob_id));
    this.#markRunListsStale();
  }

  /** Rows show what events tell at once; what they do not tell, such as the next run, is read at intervals. */
  #markRunListsStale(): void {
    if (this.#isReadingRuns) return;
    this.#isReadingRuns = true;
    setTimeout(() => {
      this.#isReadingRuns = false;
      void this.#queries.invalidate(keys.runs);
      void this.#queries.invalidate(keys.deadLetters);
    }, RUN_LIST_MS);
  }

  #applyBlobEvent(event: BlobEvent): void {
    const { type, blob_id, bucket_ids, parent_id, revision } = event;
    this.#markStale(keys.revisions(blob_id));
    this.#markStale(keys.blob(blob_id));
    if (type === "blob.named") return;
    if (type === "blob.trashed" || type === "blob.purged") this.#drafts.handleRemoved(blob_id);
    if (type === "blob.restored") this.#drafts.retry(this.#drafts.keyOf(blob_id));
    if (type !== "blob.updated" && type !== "blob.created") this.#markStale(keys.trash);
    if (parent_id !== null) {
      this.#markStale(keys.expansions(parent_id));
      this.#markStale(keys.editedTexts(parent_id));
    }
    if (event.schema_id !== NOTE_SCHEMA) return this.#markListsStale(bucket_ids);
    if (type === "blob.updated") {
      if (this.#drafts.handleAnnounced(blob_id, revision)) this.readNote(blob_id);
      // Drafts have the text on the screen; lists that are not on it are read when they are opened.
      for (const id of bucket_ids) {
        void this.#queries.client.invalidateQueries({ queryKey: keys.items(id), refetchType: "none" });
      }
      return;
    }
    // The answer to our own create names the draft that it belongs to; the list is read after that.
    if (type === "blob.created" && this.#drafts.isCreating()) return;
    this.#markListsStale(bucket_ids);
  }

  /** A blob carries the list of all its places, also in the lists of the buckets that nothing happened to. */
  #applyPlacementEvent({ type, bucket_id, blob_id }: PlacementEvent): void {
    this.#markStale(keys.items(bucket_id));
    this.#markStale(keys.places(blob_id));
    this.#markStale(keys.allContents);
    this.#changedBuckets.add(bucket_id); // which says how many blobs it has
    if (type === "bucket.blob.moved") return;
    this.#queries.changeCachedBlob(blob_id, (blob) => {
      const others = blob.bucket_ids.filter((id) => id !== bucket_id);
      return { ...blob, bucket_ids: type === "bucket.blob.added" ? [...others, bucket_id] : others };
    });
  }

  #applyBucketEvent({ type, bucket_id }: BucketEvent): void {
    if (type !== "bucket.created" && type !== "bucket.updated") this.#markStale(keys.trash);
    if (type === "bucket.trashed" || type === "bucket.purged") {
      this.#queries.changeForest((forest) => withoutBucket(forest, bucket_id));
    } else if (type === "bucket.restored") this.#markStale(keys.forest);
    else {
      this.#changedBuckets.add(bucket_id);
      this.#startBatch();
    }
  }

  #markListsStale(bucketIds: readonly string[]): void {
    this.#markStale(keys.allContents);
    for (const id of bucketIds) {
      this.#markStale(keys.items(id));
      this.#changedBuckets.add(id);
    }
  }

  #markStale(key: readonly unknown[]): void {
    this.#staleKeys.set(key.join(" "), key);
    this.#startBatch();
  }

  #startBatch(): void {
    if (this.#isBatching) return;
    this.#isBatching = true;
    setTimeout(() => this.#endBatch(), BATCH_MS);
  }

  #endBatch(): void {
    this.#isBatching = false;
    const [staleKeys, buckets] = [[...this.#staleKeys.values()], [...this.#changedBuckets]];
    this.#staleKeys.clear();
    this.#changedBuckets.clear();
    for (const key of staleKeys) void this.#queries.invalidate(key);
    if (buckets.length > MAX_SINGLE_BUCKETS) void this.#queries.invalidate(keys.forest);
    else for (const id of buckets) this.#readBucket(id);
  }

  #readBucket(id: string): void {
    this.#api.getBucket(id).then(
      (bucket) => this.#queries.changeForest((forest) => withBucket(forest, bucket)),
      (error: unknown) => {
        if (error instanceof Problem && error.status === 404) {
          this.#queries.changeForest((forest) => withoutBucket(forest, id));
        } else void this.#queries.invalidate(keys.forest); // which is tried more than once
      },
    );
  }
}
