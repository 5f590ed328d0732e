/** Records of the API for tests: each takes the fields that a test is about. Records about processors leave out what this
 * page does not read, of which the services add more. */

import type {
  Batch,
  Blob,
  Bucket,
  DeadLetter,
  Instance,
  JournalEntry,
  Pipeline,
  Placement,
  Processor,
  Revision,
  Run,
  StageProgress,
  TrashItem,
  TreeNode,
  WatchedProcessor,
} from "./types";

const NOW = "2026-01-01T00:00:00Z";
const OWNED = { user_id: "user-ana", revision: 1, created_at: NOW };

export function sampleBlob(fields: Partial<Blob> = {}): Blob {
  return {
    ...OWNED,
    id: "blob-1",
    processor_id: "user-input",
    schema_id: "text-input-v1",
    schema_version: "1.0.0",
    data: { content: "" },
    bucket_ids: ["bucket-1"],
    parent_id: null,
    parent_revision: null,
    derived_ids: [],
    data_revision: 1,
    size: 20,
    stale: false,
    created_by: "user-ana",
    changed_by: "user-ana",
    author_kind: "user",
    updated_at: NOW,
    trashed_at: null,
    trash_id: null,
    sequence: "",
    ...fields,
  };
}

export function sampleBucket(fields: Partial<Bucket> = {}): Bucket {
  return {
    ...OWNED,
    id: "bucket-1",
    number: 0,
    name: "Novel",
    type: "book",
    parent_bucket_id: null,
    child_bucket_ids: [],
    blob_ids: [],
    child_count: 0,
    blob_count: 0,
    rank: "m",
    updated_at: NOW,
    trashed_at: null,
    trash_id: null,
    ...fields,
  };
}

/** A bucket of the tree; its children are told that they stand in it. */
export function sampleNode(fields: Partial<TreeNode> & { id: string }): TreeNode {
  const children = (fields.children ?? []).map((child) => ({ ...child, parent_bucket_id: fields.id }));
  const node = { name: fields.id, type: "part", parent_bucket_id: null, rank: fields.id, revision: 1 };
  return { ...node, child_count: children.length, blob_count: 0, ...fields, children };
}

export function samplePlacement(fields: Partial<Placement> = {}): Placement {
  const place = { id: "place-1", bucket_id: "bucket-1", blob_id: "blob-1", number: 0, rank: "a", label: null };
  return { ...OWNED, ...place, trashed_at: null, trash_id: null, ...fields };
}

export function sampleRevision(fields: Partial<Revision> = {}): Revision {
  return {
    ...OWNED,
    id: "blob-1:1",
    blob_id: "blob-1",
    number: 1,
    name: null,
    data: { content: "" },
    schema_id: "text-input-v1",
    schema_version: "1.0.0",
    size: 20,
    author: "user-ana",
    author_kind: "user",
    conflict: false,
    ...fields,
  };
}

export function sampleRun(fields: Partial<Run> = {}): Run {
  return {
    id: "run-1",
    user_id: "user-ana",
    revision: 1,
    processor_id: "text-expansion",
    processor_version: "1.0.0",
    blob_id: "blob-1",
    blob_revision: 1,
    status: "requested",
    attempt: 0,
    progress: 0,
    text: null,
    error: null,
    output_blob_ids: [],
    worker_id: null,
    waiting: null,
    requested_at: NOW,
    started_at: null,
    finished_at: null,
    ...fields,
  } as Run;
}

export function sampleStage(fields: Partial<StageProgress> = {}): StageProgress {
  const counts = { requested: 0, running: 0, completed: 0, refused: 0, failed: 0, cancelled: 0, skipped: 0 };
  return { processor_id: "text-expansion", ...counts, ...fields };
}

/** A batch with these stages. */
export function sampleBatch(fields: Partial<Batch> = {}, ...stages: StageProgress[]): Batch {
  const processors = stages.map(({ processor_id }) => ({ processor_id, settings: {}, model: null, when: null }));
  return {
    id: "batch-1",
    user_id: "user-ana",
    revision: 1,
    pipeline_id: null,
    name: null,
    bucket_id: null,
    priority: "bulk",
    status: "running",
    stages: processors,
    progress: { fraction: 0.5, stages },
    requested_at: NOW,
    finished_at: null,
    ...fields,
  };
}

export function samplePipeline(fields: Partial<Pipeline> = {}): Pipeline {
  return { ...OWNED, id: "pipeline-1", name: "Expand and analyse", stages: [], updated_at: NOW, ...fields };
}

export function sampleEntry(fields: Partial<JournalEntry> = {}): JournalEntry {
  return {
    id: "act-1",
    act: "create_bucket",
    bucket_id: null,
    blob_id: null,
    name: null,
    count: 1,
    by: "user-ana",
    undone: false,
    passed: false,
    created_at: NOW,
    ...fields,
  };
}

export function sampleTrashItem(fields: Partial<TrashItem> = {}): TrashItem {
  return {
    id: "bucket-1",
    kind: "bucket",
    bucket: sampleBucket(),
    blob: null,
    bucket_count: 1,
    blob_count: 0,
    trashed_at: NOW,
    trashed_by: "user-ana",
    purged_at: null,
    ...fields,
  };
}

export function sampleInstance(fields: Partial<Instance> = {}): Instance {
  return {
    ...OWNED,
    id: "instance-1",
    processor_id: "text-expansion",
    bucket_id: null,
    enabled: true,
    updated_at: NOW,
    ...fields,
  } as Instance;
}

export function sampleProcessor(fields: Partial<Processor> = {}): Processor {
  return {
    id: "tone-reader",
    user_id: "house",
    scope: "system",
    version: "1.0.0",
    name: "Tone reader",
    description: "Says how a note sounds.",
    input_schemas: ["text-input-v1"],
    output_schema: "style-analysis-v1",
    settings_schema: null,
    trigger: "event",
    range: null,
    revision: 1,
    registered_at: NOW,
    updated_at: NOW,
    ...fields,
  } as Processor;
}

export function sampleHealth(fields: Partial<WatchedProcessor> = {}): WatchedProcessor {
  const health = { live_workers: 1, last_beat: NOW, queue_length: 0, success_rate: null, p50: null, p95: null };
  return { ...sampleProcessor(), ...health, ...fields } as WatchedProcessor;
}

export function sampleDeadLetter(fields: Partial<DeadLetter> = {}): DeadLetter {
  const work = {
    run_id: "run-1",
    user_id: "user-ana",
    processor_id: "tone-reader",
    blob_id: "blob-1",
    blob_revision: 1,
    token: "",
  };
  return {
    id: "dead-1",
    user_id: "user-ana",
    processor_id: "tone-reader",
    run_id: "run-1",
    reason: "The output does not fit.",
    attempts: 5,
    work,
    run_revision: 1,
    revision: 1,
    created_at: NOW,
    ...fields,
  } as DeadLetter;
}
