/** The messages that the server sends over the WebSocket, as one union, and how a frame is read as one of them. */

interface EventFields {
  cursor?: string;
  event_id?: string;
  origin?: string | null;
}

export type BlobEvent = EventFields & {
  type: "blob.created" | "blob.updated" | "blob.trashed" | "blob.restored" | "blob.purged" | "blob.named";
  blob_id: string;
  bucket_ids: string[];
  schema_id: string;
  parent_id: string | null;
  revision: number;
};

export type BucketEvent = EventFields & {
  type: "bucket.created" | "bucket.updated" | "bucket.moved" | "bucket.trashed" | "bucket.restored" | "bucket.purged";
  bucket_id: string;
};

export type PlacementEvent = EventFields & {
  type: "bucket.blob.added" | "bucket.blob.removed" | "bucket.blob.moved";
  bucket_id: string;
  blob_id: string;
};

export type RunEvent = EventFields & {
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
  batch_id?: string;
};

/** A batch has begun, again when one of its runs is retried after its end, or has ended. */
export type BatchEvent = EventFields & {
  type: "batch.requested" | "batch.completed" | "batch.failed" | "batch.cancelled";
  batch_id: string;
};

export type PipelineEvent = EventFields & { type: "pipeline.changed" };

/** `text` is all that has been written so far, not only the newest piece, so that a lost frame costs nothing. */
export interface RunProgress {
  type: "processor.progress";
  run_id: string;
  processor: string;
  blob_id: string;
  progress: number;
  text?: string | null;
}

/** A dead letter was replayed or discarded. */
export type DeadLetterEvent = EventFields & { type: "processor.discarded"; run_id: string; dead_id?: string };

export type InstanceEvent = EventFields & { type: "instance.changed" };

/** One of the user's own processors was registered or removed. */
export type ProcessorEvent = EventFields & { type: "processor.registered" | "processor.removed" };

export type TemplateEvent = EventFields & { type: "template.created" | "template.deleted"; template_id: string };

export type StudioEvent =
  | BlobEvent
  | BucketEvent
  | PlacementEvent
  | RunEvent
  | RunProgress
  | BatchEvent
  | PipelineEvent
  | DeadLetterEvent
  | InstanceEvent
  | TemplateEvent
  | ProcessorEvent;

export type Answer =
  | ({ type: "ok"; request_id: string } & Record<string, unknown>)
  | ({ type: "error"; request_id?: string; code: string; reason?: string; detail: string } & Record<string, unknown>);

export type Greeting = { type: "hello"; protocol: number; user_id: string; cursor: string };

export type ServerMessage =
  | Greeting
  | Answer
  | { type: "resumed"; replayed: number; cursor?: string }
  | { type: "reset"; reason?: string; cursor?: string }
  | StudioEvent;

const EVENT_TYPES: ReadonlySet<string> = new Set<StudioEvent["type"]>([
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
  "batch.requested",
  "batch.completed",
  "batch.failed",
  "batch.cancelled",
  "pipeline.changed",
  "processor.discarded",
  "processor.registered",
  "processor.removed",
  "instance.changed",
  "template.created",
  "template.deleted",
]);
const CONTROL_TYPES: ReadonlySet<string> = new Set(["hello", "ok", "error", "resumed", "reset"]);

/** Returns the frame as a message; null for what this page does not know, which a newer server may well send. */
export function parseServerMessage(frame: string): ServerMessage | null {
  let message: unknown;
  try {
    message = JSON.parse(frame);
  } catch {
    return null;
  }
  if (typeof message !== "object" || message === null || !("type" in message)) return null;
  const { type } = message;
  if (typeof type !== "string") return null;
  return CONTROL_TYPES.has(type) || EVENT_TYPES.has(type) ? (message as ServerMessage) : null;
}

export function isEvent(message: ServerMessage): message is StudioEvent {
  return EVENT_TYPES.has(message.type);
}
