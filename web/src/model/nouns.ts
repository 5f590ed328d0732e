/** The nouns as they cross the wire, and the one union of everything the server says over the socket. */

export interface User {
  id: string;
  email: string;
  name: string;
}

export interface Me {
  user: User;
}

export type AuthorKind = "user" | "processor" | "import" | "restore" | "upgrade";

export interface Blob {
  id: string;
  processor_id: string;
  schema_id: string;
  schema_version: string;
  data: unknown;
  bucket_ids: string[];
  parent_id: string | null;
  parent_revision?: number | null;
  derived_ids?: string[];
  revision: number;
  stale: boolean;
  created_at: string;
  updated_at: string;
  trashed_at: string | null;
}

export interface Bucket {
  id: string;
  name: string;
  type: string;
  parent_bucket_id: string | null;
  rank: string;
  revision: number;
  trashed_at: string | null;
}

export interface Node {
  id: string;
  name: string;
  type: string;
  parent_bucket_id: string | null;
  rank: string;
  revision: number;
  children: Node[];
}

export interface Placement {
  rank: string;
  label: string | null;
}

export type Item = { kind: "bucket"; bucket: Bucket } | { kind: "blob"; blob: Blob; placement: Placement };

export interface Page<T> {
  items: T[];
  next_cursor: string | null;
}

/** A bucket or a note that was trashed by itself; the counts are of all that went, itself included. */
export interface TrashItem {
  id: string;
  kind: "bucket" | "blob";
  bucket: Bucket | null;
  blob: Blob | null;
  bucket_count: number;
  blob_count: number;
  trashed_at: string;
}

/** How much is gone for good. */
export interface Purged {
  units: number;
  blobs: number;
  buckets: number;
}

export type ActName =
  | "create_bucket"
  | "copy_bucket"
  | "change_bucket"
  | "move_bucket"
  | "place_blob"
  | "take_out"
  | "trash_blob"
  | "trash_bucket"
  | "restore_blob"
  | "restore_bucket"
  | "bulk";

/** One change of structure, or `count` of them made as one; `name` is the bucket's at that time. */
export interface JournalEntry {
  id: string;
  act: ActName;
  bucket_id: string | null;
  blob_id: string | null;
  name: string | null;
  count?: number;
  undone: boolean;
  passed?: boolean;
}

/** `conflict`: a save that came too late; it has its number from the line beside which it is kept, so `id` names it. */
export interface Revision {
  id: string;
  number: number;
  name: string | null;
  data: unknown;
  author: string;
  author_kind: AuthorKind;
  conflict: boolean;
  created_at: string;
}

export interface Piece {
  kind: "same" | "removed" | "added";
  text: string;
}

/** One place that differs; `pieces` when it is text in both. */
export interface Difference {
  path: string;
  kind: "added" | "removed" | "changed";
  before?: unknown;
  after?: unknown;
  pieces?: Piece[];
}

export interface Diff {
  from_revision: number;
  to_revision: number;
  differences: Difference[];
}

/** A bucket on the way to a blob, from the root down. */
export interface PathBucket {
  id: string;
  name: string;
  type: string;
}

export type RunStatus = "requested" | "running" | "completed" | "refused" | "failed" | "cancelled";

export interface Run {
  id: string;
  processor_id: string;
  blob_id: string;
  status: RunStatus;
  progress: number;
  error: string | null;
  output_blob_ids: string[];
}

export interface Instance {
  id: string;
  processor_id: string;
  bucket_id: string | null;
  enabled: boolean;
  settings: Record<string, unknown>;
}

export const NOTE = "text-input-v1";
export const EXPANSION = "expanded-text-v1";
export const EXPAND = "text-expansion";

/** What an expansion carries; every field but `expanded` may be missing in what other processors make. */
export interface Expanded {
  expanded: string;
  expansion_ratio?: number;
  metrics?: { words?: number; sentences?: number; reading_ease?: number; grade_level?: number; tone?: string };
  model?: string;
}

interface Stamped {
  cursor?: string;
  event_id?: string;
  origin?: string | null;
}

export type BlobEvent = Stamped & {
  type: "blob.created" | "blob.updated" | "blob.trashed" | "blob.restored" | "blob.purged" | "blob.named";
  blob_id: string;
  bucket_ids: string[];
  schema_id: string;
  parent_id: string | null;
  revision: number;
};

export type BucketEvent = Stamped & {
  type: "bucket.created" | "bucket.updated" | "bucket.moved" | "bucket.trashed" | "bucket.restored" | "bucket.purged";
  bucket_id: string;
};

export type PlacementEvent = Stamped & {
  type: "bucket.blob.added" | "bucket.blob.removed" | "bucket.blob.moved";
  bucket_id: string;
  blob_id: string;
};

export type RunEvent = Stamped & {
  type:
    | "processor.requested"
    | "processor.started"
    | "processor.completed"
    | "processor.refused"
    | "processor.failed"
    | "processor.cancelled";
  run_id: string;
  processor: string;
  blob_id: string;
  output_blob_ids?: string[];
  error?: string;
};

/** `text` is all that has been written so far, not only the newest piece, so that a lost frame costs nothing. */
export interface Progress {
  type: "processor.progress";
  run_id: string;
  processor: string;
  blob_id: string;
  progress: number;
  text?: string | null;
}

export type InstanceEvent = Stamped & { type: "instance.changed" };

export type HouseEvent = BlobEvent | BucketEvent | PlacementEvent | RunEvent | Progress | InstanceEvent;

export type Answer =
  | ({ type: "ok"; request_id: string } & Record<string, unknown>)
  | ({ type: "error"; request_id?: string; code: string; reason?: string; detail: string } & Record<string, unknown>);

export type ServerSays =
  | { type: "hello"; protocol: number; user_id: string; cursor: string }
  | Answer
  | { type: "resumed"; replayed: number; cursor?: string }
  | { type: "reset"; reason?: string; cursor?: string }
  | HouseEvent;

const EVENTS: ReadonlySet<string> = new Set<HouseEvent["type"]>([
  "blob.created",
  "blob.updated",
  "blob.trashed",
  "blob.restored",
  "blob.purged",
  "blob.named",
  "bucket.created",
  "bucket.updated",
  "bucket.moved",
  "bucket.trashed",
  "bucket.restored",
  "bucket.purged",
  "bucket.blob.added",
  "bucket.blob.removed",
  "bucket.blob.moved",
  "processor.requested",
  "processor.started",
  "processor.completed",
  "processor.refused",
  "processor.failed",
  "processor.cancelled",
  "processor.progress",
  "instance.changed",
]);
const SPOKEN: ReadonlySet<string> = new Set(["hello", "ok", "error", "resumed", "reset"]);

/** A frame as one of the union; null for what this page has no use for, which a newer server may well send. */
export function understood(frame: string): ServerSays | null {
  let said: unknown;
  try {
    said = JSON.parse(frame);
  } catch {
    return null;
  }
  if (typeof said !== "object" || said === null || !("type" in said) || typeof said.type !== "string") return null;
  return SPOKEN.has(said.type) || EVENTS.has(said.type) ? (said as ServerSays) : null;
}

export function isEvent(said: ServerSays): said is HouseEvent {
  return EVENTS.has(said.type);
}

/** The text of a note, whatever else its data holds. */
export function contentOf(blob: Blob): string {
  const data = fieldsOf(blob.data);
  return typeof data["content"] === "string" ? data["content"] : "";
}

export function fieldsOf(data: unknown): Record<string, unknown> {
  return typeof data === "object" && data !== null && !Array.isArray(data) ? (data as Record<string, unknown>) : {};
}

/** The expansion a blob holds, or null when it holds something else. */
export function expandedOf(blob: Blob): Expanded | null {
  const data = fieldsOf(blob.data);
  return typeof data["expanded"] === "string" ? (data as unknown as Expanded) : null;
}

/** What a blob says, for showing it; data of a kind that this page does not know is shown as it is. */
export function textOf({ data }: Pick<Blob, "data">): string {
  const { content, expanded } = fieldsOf(data);
  const text = content ?? expanded;
  return typeof text === "string" ? text : JSON.stringify(data, null, 2);
}
