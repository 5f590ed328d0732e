/** The endpoints of the REST API that this page uses, one method each. */

import { EDITED_SCHEMA, EXPANSION_SCHEMA } from "./blobContent";
import type { HttpClient } from "./http";
import type {
  Item,
  JsonObject,
  Page,
  PipelineStage,
  RunPrompts,
  RunStatus,
  SearchHit,
  TemplateDocument,
} from "./types";

const PAGE_SIZE = 100;
const MAX_PAGE_SIZE = 200;
const TRASH_PAGE_SIZE = 50;
const JOURNAL_PAGE_SIZE = 20;
const RUN_PAGE_SIZE = 50;
const REPLAY_TIMEOUT_MS = 120_000; // of a thousand runs
const PURGE_TIMEOUT_MS = 600_000; // a trash of a hundred thousand notes takes its time

export interface NewBucket {
  name: string;
  type: string;
  parentId: string | null;
  idempotencyKey: string;
}

export interface BucketCopy {
  bucketId: string;
  parentId: string | null;
  /** With notes of its own rather than the same ones in both places. */
  deep: boolean;
  idempotencyKey: string;
}

/** `after` is the sibling to stand behind: null for the first place, left out for the last. */
export interface BucketMove {
  bucketId: string;
  parentId: string | null;
  after?: string | null | undefined;
}

export interface BlobPlacement {
  bucketId: string;
  blobId: string;
  after?: string | null | undefined;
}

export interface NewBlob {
  schemaId: string;
  data: unknown;
  bucketIds: string[];
  idempotencyKey: string;
  isLeaving: boolean;
}

export interface BlobChange {
  blobId: string;
  data: unknown;
  baseRevision: number;
  isLeaving: boolean;
}

export interface NewAcceptance {
  noteId: string;
  derivedId: string;
  /** Numbers from 1; null for the whole text. */
  paragraphs: readonly number[] | null;
  /** The revision of the accepted text that the user has seen, 0 for none yet; null to accept in any case. */
  baseRevision: number | null;
  idempotencyKey: string;
}

export interface NewInstance {
  processorId: string;
  /** Null for everywhere. */
  bucketId: string | null;
  enabled: boolean;
  settings: JsonObject;
  idempotencyKey: string;
}

/** Runs on these blobs, or on all in a bucket that the processor takes. */
export type NewRuns = { processorId: string; settings: JsonObject; idempotencyKey: string } & (
  | { blobIds: readonly string[] }
  | { bucketId: string }
);

/** Runs of a saved pipeline. */
export type NewPipelineRuns = { pipelineId: string; idempotencyKey: string } & (
  | { blobIds: readonly string[] }
  | { bucketId: string }
);

/** Runs to estimate before they are requested. */
export interface NewEstimate {
  processorId: string;
  settings: JsonObject;
  source: { blobIds: readonly string[] } | { bucketId: string };
}

/** The runs to list; null stands for any. */
export interface RunFilter {
  status: RunStatus | null;
  processorId: string | null;
}

interface NewFromTemplate {
  name: string;
  parentId: string | null;
  parameters: Record<string, number | string>;
  idempotencyKey: string;
}

interface NewTemplate {
  bucketId: string;
  name: string;
  description: string;
  texts: boolean;
  idempotencyKey: string;
}

export interface NewAccount {
  email: string;
  password: string;
  name: string;
  invitation: string | null;
}

export class ApiClient {
  constructor(private readonly http: HttpClient) {}

  getMe = () => this.http.request("get", "/me", {});
  getRegistrationPolicy = () => this.http.request("get", "/auth/registration", {});
  register = (account: NewAccount) => this.http.request("post", "/auth/register", { body: account });
  logIn = (email: string, password: string) => this.http.request("post", "/auth/login", { body: { email, password } });
  logInWithLink = (token: string) => this.http.request("post", "/auth/link", { body: { token } });
  logOut = () => this.http.request("post", "/auth/logout", {});

  getTree = () => this.http.request("get", "/tree", {});
  getBucket = (id: string) => this.http.request("get", "/buckets/{id}", { path: { id } });
  listItems = (id: string, cursor: string | null) =>
    this.http.request("get", "/buckets/{id}/items", { path: { id }, query: { limit: PAGE_SIZE, cursor } }) as Promise<
      Page<Item>
    >;
  /** All that is in a bucket and below it, in reading order. */
  listContents = (id: string, cursor: string | null) =>
    this.http.request("get", "/buckets/{id}/contents", { path: { id }, query: { limit: MAX_PAGE_SIZE, cursor } });
  createBucket = ({ name, type, parentId, idempotencyKey }: NewBucket) =>
    this.http.request("post", "/buckets", { body: { name, type, parent_bucket_id: parentId }, idempotencyKey });
  renameBucket = (id: string, name: string, baseRevision: number) =>
    this.http.request("patch", "/buckets/{id}", { path: { id }, body: { name, base_revision: baseRevision } });
  changeBucketMetadata = (id: string, metadata: JsonObject, baseRevision: number) =>
    this.http.request("patch", "/buckets/{id}", { path: { id }, body: { metadata, base_revision: baseRevision } });
  moveBucket = ({ bucketId: id, parentId, after }: BucketMove) =>
    this.http.request("post", "/buckets/{id}/move", {
      path: { id },
      body: { parent_bucket_id: parentId, ...positionOf(after) },
    });
  copyBucket = ({ bucketId: id, parentId, deep, idempotencyKey }: BucketCopy) =>
    this.http.request("post", "/buckets/{id}/copy", {
      path: { id },
      body: { parent_bucket_id: parentId, deep },
      idempotencyKey,
    });
  trashBucket = (id: string) => this.http.request("delete", "/buckets/{id}", { path: { id } });
  /** `parentId` is another bucket to restore it into; left out, the one it stood in. */
  restoreBucket = (id: string, parentId?: string | null) =>
    this.http.request("post", "/buckets/{id}/restore", {
      path: { id },
      body: parentId === undefined ? {} : { parent_bucket_id: parentId },
    });

  listTemplates = (cursor: string | null) =>
    this.http.request("get", "/templates", { query: { limit: PAGE_SIZE, cursor } });
  instantiateTemplate = (id: string, { name, parentId, parameters, idempotencyKey }: NewFromTemplate) =>
    this.http.request("post", "/templates/{id}/instantiate", {
      path: { id },
      body: { name, parent_bucket_id: parentId, parameters },
      idempotencyKey,
    });
  saveTemplate = ({ bucketId, idempotencyKey, ...template }: NewTemplate) =>
    this.http.request("post", "/templates", { body: { bucket_id: bucketId, ...template }, idempotencyKey });
  /** `document` is the content of a file, which the studio checks. */
  importTemplate = (document: unknown, idempotencyKey: string) =>
    this.http.request("post", "/templates/import", { body: document as TemplateDocument, idempotencyKey });
  deleteTemplate = (id: string) => this.http.request("delete", "/templates/{id}", { path: { id } });

  listTrash = (cursor: string | null) =>
    this.http.request("get", "/trash", { query: { limit: TRASH_PAGE_SIZE, cursor } });
  /** Deletes one trashed record for good. */
  purge = (id: string) => this.http.request("delete", "/trash/{id}", { path: { id }, timeoutMs: PURGE_TIMEOUT_MS });
  emptyTrash = () => this.http.request("delete", "/trash", { timeoutMs: PURGE_TIMEOUT_MS });
  listNewestJournalEntries = () => this.http.request("get", "/journal", { query: { limit: JOURNAL_PAGE_SIZE } });

  getBlob = (id: string) => this.http.request("get", "/blobs/{id}", { path: { id } });
  listExpansions = (parentId: string) =>
    this.http.request("get", "/blobs", {
      query: { parent_id: parentId, schema_id: EXPANSION_SCHEMA, limit: PAGE_SIZE },
    });
  listEditedTexts = (parentId: string) =>
    this.http.request("get", "/blobs", {
      query: { parent_id: parentId, schema_id: EDITED_SCHEMA, limit: PAGE_SIZE },
    });
  acceptBlob = ({ noteId: id, derivedId, paragraphs, baseRevision, idempotencyKey }: NewAcceptance) =>
    this.http.request("post", "/blobs/{id}/accept", {
      path: { id },
      body: {
        derived_blob_id: derivedId,
        ...(paragraphs && { paragraphs: [...paragraphs] }),
        ...(baseRevision !== null && { base_revision: baseRevision }),
      },
      idempotencyKey,
    });
  createBlob = ({ schemaId, data, bucketIds, idempotencyKey, isLeaving }: NewBlob) =>
    this.http.request("post", "/blobs", {
      body: { schema_id: schemaId, data, bucket_ids: bucketIds },
      idempotencyKey,
      isLeaving,
    });
  changeBlob = ({ blobId: id, data, baseRevision, isLeaving }: BlobChange) =>
    this.http.request("patch", "/blobs/{id}", {
      path: { id },
      body: { data, base_revision: baseRevision },
      isLeaving,
    });
  /** Changes some fields of a blob's data, and leaves the others. */
  mergeIntoBlob = (id: string, fields: JsonObject, baseRevision: number) =>
    this.http.request("patch", "/blobs/{id}", {
      path: { id },
      body: { merge_patch: fields, base_revision: baseRevision },
    });
  trashBlob = (id: string) => this.http.request("delete", "/blobs/{id}", { path: { id } });
  /** Restores a blob from the trash; with a revision, its data as it was then. */
  restoreBlob = (id: string, revision: number | string | null = null) =>
    this.http.request("post", "/blobs/{id}/restore", { path: { id }, body: { revision } });
  listRevisions = (id: string, cursor: string | null) =>
    this.http.request("get", "/blobs/{id}/revisions", { path: { id }, query: { limit: PAGE_SIZE, cursor } });
  /** Compares a revision with the newest one. */
  diffWithNewest = (id: string, from: number | string) =>
    this.http.request("get", "/blobs/{id}/diff", { path: { id }, query: { from: String(from) } });
  nameRevision = (id: string, number: number, name: string | null) =>
    this.http.request("put", "/blobs/{id}/revisions/{number}/name", { path: { id, number }, body: { name } });
  /** Blobs that have these words, the best first. */
  searchBlobs = (q: string, limit: number) =>
    this.http.request("get", "/search", { query: { q, limit, kind: "blob" } }) as Promise<{ items: SearchHit[] }>;
  listPlaces = (id: string) => this.http.request("get", "/blobs/{id}/places", { path: { id } });
  placeBlob = ({ bucketId: id, blobId: blob_id, after }: BlobPlacement) =>
    this.http.request("put", "/buckets/{id}/blobs/{blob_id}", { path: { id, blob_id }, body: positionOf(after) });
  takeOutBlob = (id: string, blob_id: string) =>
    this.http.request("delete", "/buckets/{id}/blobs/{blob_id}", { path: { id, blob_id } });

  /** The facts about a file. */
  getFile = (id: string) => this.http.request("get", "/files/{id}/meta", { path: { id } });

  getSchemaVersion = (id: string, version: string) =>
    this.http.request("get", "/schemas/{id}/versions/{version}", { path: { id, version } });

  listProcessors = (cursor: string | null) =>
    this.http.request("get", "/processors", { query: { limit: MAX_PAGE_SIZE, cursor } });
  getProcessor = (id: string) => this.http.request("get", "/processors/{id}", { path: { id } });
  deleteProcessor = (id: string) => this.http.request("delete", "/processors/{id}", { path: { id } });
  listInstances = (cursor: string | null) =>
    this.http.request("get", "/instances", { query: { limit: MAX_PAGE_SIZE, cursor } });
  createInstance = ({ processorId, bucketId, enabled, settings, idempotencyKey }: NewInstance) =>
    this.http.request("post", "/instances", {
      body: { processor_id: processorId, bucket_id: bucketId, enabled, settings },
      idempotencyKey,
    });
  changeInstance = (id: string, change: { enabled?: boolean; settings?: JsonObject }) =>
    this.http.request("patch", "/instances/{id}", { path: { id }, body: change });
  deleteInstance = (id: string) => this.http.request("delete", "/instances/{id}", { path: { id } });

  listActiveRuns = (status: "requested" | "running") =>
    this.http.request("get", "/runs", { query: { status, limit: MAX_PAGE_SIZE } });
  listRuns = ({ status, processorId }: RunFilter, cursor: string | null, limit = RUN_PAGE_SIZE) =>
    this.http.request("get", "/runs", { query: { status, processor_id: processorId, limit, cursor } });
  requestRuns = ({ processorId, settings, idempotencyKey, ...source }: NewRuns) =>
    this.http.request("post", "/runs", {
      body: {
        processor_id: processorId,
        settings,
        ...("bucketId" in source ? { bucket_id: source.bucketId } : { blob_ids: [...source.blobIds] }),
      },
      idempotencyKey,
    });
  requestPipelineRuns = ({ pipelineId, idempotencyKey, ...source }: NewPipelineRuns) =>
    this.http.request("post", "/runs", {
      body: {
        pipeline_id: pipelineId,
        ...("bucketId" in source ? { bucket_id: source.bucketId } : { blob_ids: [...source.blobIds] }),
      },
      idempotencyKey,
    });
  listModels = (cursor: string | null) =>
    this.http.request("get", "/models", { query: { limit: MAX_PAGE_SIZE, cursor } });
  listPipelines = (cursor: string | null) =>
    this.http.request("get", "/pipelines", { query: { limit: MAX_PAGE_SIZE, cursor } });
  createPipeline = (body: { name: string; stages: PipelineStage[] }, idempotencyKey: string) =>
    this.http.request("post", "/pipelines", { body, idempotencyKey });
  changePipeline = (id: string, body: { name: string; stages: PipelineStage[]; base_revision: number }) =>
    this.http.request("patch", "/pipelines/{id}", { path: { id }, body });
  deletePipeline = (id: string) => this.http.request("delete", "/pipelines/{id}", { path: { id } });
  listBatches = (status: "running") =>
    this.http.request("get", "/batches", { query: { status, limit: MAX_PAGE_SIZE } });
  getBatch = (id: string) => this.http.request("get", "/batches/{id}", { path: { id } });
  cancelBatch = (id: string) => this.http.request("post", "/batches/{id}/cancel", { path: { id } });
  /** A run with all that it has written so far, which lists leave out. */
  getRun = (id: string) => this.http.request("get", "/runs/{id}", { path: { id } });
  /** What a worker may leave out of a prompt is always there when it is read. */
  getPrompts = async (id: string, cursor: string | null) =>
    (await this.http.request("get", "/runs/{id}/prompt", {
      path: { id },
      query: { limit: RUN_PAGE_SIZE, cursor },
    })) as RunPrompts;
  estimateRuns = ({ processorId, settings, source }: NewEstimate) =>
    this.http.request("post", "/runs/estimate", {
      body: {
        processor_id: processorId,
        settings,
        ...("bucketId" in source ? { bucket_id: source.bucketId } : { blob_ids: [...source.blobIds] }),
      },
    });
  cancelRun = (id: string) => this.http.request("post", "/runs/{id}/cancel", { path: { id } });
  retryRun = (id: string) => this.http.request("post", "/runs/{id}/retry", { path: { id } });
  listDeadLetters = (cursor: string | null) =>
    this.http.request("get", "/dead", { query: { limit: RUN_PAGE_SIZE, cursor } });
  /** With `data`, the blob gets it as a new revision first. */
  replayDeadLetter = (id: string, data?: unknown) =>
    this.http.request("post", "/dead/{id}/replay", { path: { id }, body: data === undefined ? {} : { data } });
  /** Replays every dead letter; at most 1,000 at once, and `left` says how many are left. */
  replayAllDeadLetters = () => this.http.request("post", "/dead/replay", { body: {}, timeoutMs: REPLAY_TIMEOUT_MS });
  discardDeadLetter = (id: string) => this.http.request("delete", "/dead/{id}", { path: { id } });
}

/** `after` is left out of the request when it is undefined, which means the last place. */
function positionOf(after: string | null | undefined): { after?: string | null } {
  return after === undefined ? {} : { after };
}
