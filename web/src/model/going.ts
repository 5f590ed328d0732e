/** What goes along when a bucket goes to the trash, and which notes stay because they also stand elsewhere. */

import { type Branch, everyIdIn } from "./forest";
import { type Blob, type Item, NOTE, type Page } from "./nouns";

const MOST_READS = 40; // pages; a larger subtree is described without being read
const AT_ONCE = 4;

export interface Going {
  /** The bucket itself left out. */
  buckets: number;
  /** Null when the subtree is too large to be read for a question. */
  content: Content | null;
}

export interface Content {
  notes: number;
  /** Expansions and whatever else is not a note. */
  others: number;
  /** Notes that stay, each with a bucket where it still stands. */
  staying: { blob: Blob; bucketId: string }[];
}

type ReadItems = (bucketId: string, cursor: string | null) => Promise<Page<Item>>;

export async function goingWith(branch: Branch, read: ReadItems): Promise<Going> {
  const ids = everyIdIn(branch);
  const blobs = ids.length > MOST_READS ? null : await everyBlobIn(ids, read);
  return { buckets: ids.length - 1, content: blobs && sorted(blobs, new Set(ids)) };
}

async function everyBlobIn(ids: readonly string[], read: ReadItems): Promise<Blob[] | null> {
  const found = new Map<string, Blob>();
  let waiting: [string, string | null][] = ids.map((id) => [id, null]);
  for (let reads = 0; waiting.length > 0; reads += AT_ONCE) {
    if (reads > MOST_READS) return null;
    const [some, later] = [waiting.slice(0, AT_ONCE), waiting.slice(AT_ONCE)];
    const pages = await Promise.all(some.map(([id, cursor]) => read(id, cursor)));
    for (const item of pages.flatMap((page) => page.items)) {
      if (item.kind === "blob") found.set(item.blob.id, item.blob);
    }
    const more = some.map(([id], at): [string, string | null] => [id, pages[at]?.next_cursor ?? null]);
    waiting = [...later, ...more.filter(([, cursor]) => cursor !== null)];
  }
  return [...found.values()];
}

function sorted(blobs: readonly Blob[], going: ReadonlySet<string>): Content {
  const content: Content = { notes: 0, others: 0, staying: [] };
  for (const blob of blobs) {
    const bucketId = blob.bucket_ids.find((id) => !going.has(id));
    const isNote = blob.schema_id === NOTE;
    if (bucketId === undefined) content[isNote ? "notes" : "others"] += 1;
    else if (isNote) content.staying.push({ blob, bucketId });
  }
  return content;
}
