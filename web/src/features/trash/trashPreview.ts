/** Previews what goes to the trash along with a bucket, and which notes stay because they also stand elsewhere. */

import { NOTE_SCHEMA } from "../../api/blobContent";
import type { Blob, Item, Page } from "../../api/types";
import { type Branch, subtreeIds } from "../library/forest";

const MAX_PAGES = 40; // a larger subtree is described without being read
const PARALLEL_REQUESTS = 4;

export interface TrashPreview {
  /** The bucket itself left out. */
  buckets: number;
  /** Null when the subtree is too large to be read for a question. */
  content: TrashedContent | null;
}

export interface TrashedContent {
  notes: number;
  /** Expansions and whatever else is not a note. */
  others: number;
  /** Notes that stay, each with a bucket where it still stands. */
  staying: { blob: Blob; bucketId: string }[];
}

type ListItems = (bucketId: string, cursor: string | null) => Promise<Page<Item>>;

export async function previewTrash(branch: Branch, listItems: ListItems): Promise<TrashPreview> {
  const ids = subtreeIds(branch);
  const blobs = ids.length > MAX_PAGES ? null : await listBlobs(ids, listItems);
  return { buckets: ids.length - 1, content: blobs && sortBlobs(blobs, new Set(ids)) };
}

/** Returns every blob of the buckets once, or null when there are too many pages of them. */
async function listBlobs(bucketIds: readonly string[], listItems: ListItems): Promise<Blob[] | null> {
  const found = new Map<string, Blob>();
  let waiting: [string, string | null][] = bucketIds.map((id) => [id, null]);
  for (let requests = 0; waiting.length > 0; requests += PARALLEL_REQUESTS) {
    if (requests > MAX_PAGES) return null;
    const [batch, later] = [waiting.slice(0, PARALLEL_REQUESTS), waiting.slice(PARALLEL_REQUESTS)];
    const pages = await Promise.all(batch.map(([id, cursor]) => listItems(id, cursor)));
    for (const item of pages.flatMap((page) => page.items)) {
      if (item.kind === "blob") found.set(item.blob.id, item.blob);
    }
    const next = batch.map(([id], index): [string, string | null] => [id, pages[index]?.next_cursor ?? null]);
    waiting = [...later, ...next.filter(([, cursor]) => cursor !== null)];
  }
  return [...found.values()];
}

function sortBlobs(blobs: readonly Blob[], trashedBuckets: ReadonlySet<string>): TrashedContent {
  const content: TrashedContent = { notes: 0, others: 0, staying: [] };
  for (const blob of blobs) {
    const bucketId = blob.bucket_ids.find((id) => !trashedBuckets.has(id));
    const isNote = blob.schema_id === NOTE_SCHEMA;
    if (bucketId === undefined) content[isNote ? "notes" : "others"] += 1;
    else if (isNote) content.staying.push({ blob, bucketId });
  }
  return content;
}
