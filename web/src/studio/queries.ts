/** The queries of what is read from the studio, their keys, and the cache that they share. */

import { type InfiniteData, infiniteQueryOptions, QueryClient, queryOptions } from "@tanstack/react-query";
import { NOTE_SCHEMA } from "../api/blobContent";
import type { ApiClient, NewEstimate, RunFilter } from "../api/client";
import { isTemporary } from "../api/errors";
import type {
  Blob,
  ContentsItem,
  Instance,
  Item,
  Model,
  Page,
  Pipeline,
  Processor,
  SearchHit,
  Template,
} from "../api/types";
import type { Drafts } from "../features/drafts/drafts";
import { type Branch, buildForest, type Forest } from "../features/library/forest";
import { previewTrash } from "../features/trash/trashPreview";

const HEALTH_INTERVAL_MS = 15_000; // a worker that stops beating is missed after 45 s at most
const PROCESSORS_INTERVAL_MS = 30_000; // no event says that somebody has started a new one
const MAX_CONTENTS_PAGES = 20; // 4,000 records, some 40 chapters of 100 notes
const MIN_SEARCH_LENGTH = 2; // letters that are looked for in texts
const MAX_SEARCH_HITS = 12;
const MAX_RETRIES = 6; // with the client's doubling pauses: about a minute

type QueryKey = readonly unknown[];

export const keys = {
  forest: ["forest"] as const,
  instances: ["instances"] as const,
  models: ["models"] as const,
  processors: ["processors"] as const,
  health: (processorId: string) => ["health", processorId] as const,
  runs: ["runs"] as const,
  pipelines: ["pipelines"] as const,
  templates: ["templates"] as const,
  deadLetters: ["deadLetters"] as const,
  blob: (blobId: string) => ["shownBlob", blobId] as const,
  trash: ["trash"] as const,
  allItems: ["items"] as const,
  items: (bucketId: string) => ["items", bucketId] as const,
  allContents: ["contents"] as const,
  contents: (bucketId: string) => ["contents", bucketId] as const,
  bucket: (bucketId: string) => ["bucket", bucketId] as const,
  expansions: (blobId: string) => ["expansions", blobId] as const,
  editedTexts: (blobId: string) => ["editedTexts", blobId] as const,
  places: (blobId: string) => ["places", blobId] as const,
  revisions: (blobId: string) => ["revisions", blobId] as const,
};

/** Events say when something changed, so nothing goes stale by the clock; what cannot succeed is not repeated. */
export function createQueryClient(): QueryClient {
  const retry = (failures: number, error: unknown) => failures < MAX_RETRIES && isTemporary(error);
  return new QueryClient({
    defaultOptions: {
      queries: { staleTime: Number.POSITIVE_INFINITY, networkMode: "always", refetchOnWindowFocus: false, retry },
    },
  });
}

/** Returns the items of every page of a list that is never long. */
async function readAllPages<T>(read: (cursor: string | null) => Promise<Page<T>>): Promise<T[]> {
  const all: T[] = [];
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page: Page<T> = await read(cursor ?? null);
    all.push(...page.items);
    cursor = page.next_cursor;
  }
  return all;
}

export class Queries {
  constructor(
    private readonly api: ApiClient,
    private readonly drafts: Drafts,
    readonly client: QueryClient,
  ) {}

  forest = queryOptions({
    queryKey: keys.forest,
    queryFn: async (): Promise<Forest> => {
      const before = this.cachedForest();
      return buildForest((await this.api.getTree()).items, before);
    },
    structuralSharing: false, // the forest shares what did not change by itself
  });

  instances = queryOptions({
    queryKey: keys.instances,
    queryFn: () => readAllPages<Instance>((cursor) => this.api.listInstances(cursor)),
  });

  /** Every processor that the user may run, by name. */
  processors = queryOptions({
    queryKey: keys.processors,
    queryFn: async (): Promise<Processor[]> => {
      const all = await readAllPages<Processor>((cursor) => this.api.listProcessors(cursor));
      return all.sort((one, other) => one.name.localeCompare(other.name));
    },
    refetchInterval: PROCESSORS_INTERVAL_MS,
  });

  /** The language models that the user can use; the first one is that of the installation. */
  models = queryOptions({
    queryKey: keys.models,
    queryFn: () => readAllPages<Model>((cursor) => this.api.listModels(cursor)),
  });

  pipelines = queryOptions({
    queryKey: keys.pipelines,
    queryFn: () => readAllPages<Pipeline>((cursor) => this.api.listPipelines(cursor)),
  });

  /** Those of the studio, and the user's own. */
  templates = queryOptions({
    queryKey: keys.templates,
    queryFn: () => readAllPages<Template>((cursor) => this.api.listTemplates(cursor)),
  });

  health = (processorId: string) =>
    queryOptions({
      queryKey: keys.health(processorId),
      queryFn: () => this.api.getProcessor(processorId),
      staleTime: 0,
      refetchInterval: HEALTH_INTERVAL_MS,
    });

  runs = (filter: RunFilter) =>
    infiniteQueryOptions({
      queryKey: [...keys.runs, filter.status, filter.processorId],
      queryFn: ({ pageParam }) => this.api.listRuns(filter, pageParam),
      initialPageParam: null as string | null,
      getNextPageParam: (page) => page.next_cursor,
    });

  /** A run under way, with what it has written before this page began to listen. */
  run = (id: string) => queryOptions({ queryKey: ["run", id], queryFn: () => this.api.getRun(id), retry: false });

  /** What a run sent to a language model, or will send, as it is now. */
  prompts = (runId: string) =>
    infiniteQueryOptions({
      queryKey: ["prompts", runId],
      queryFn: ({ pageParam }) => this.api.getPrompts(runId, pageParam),
      initialPageParam: null as string | null,
      getNextPageParam: (page) => page.next_cursor,
      staleTime: 0, // no event says that another one was sent
    });

  estimate = (request: NewEstimate) =>
    queryOptions({
      queryKey: ["estimate", request],
      queryFn: () => this.api.estimateRuns(request),
      staleTime: 0,
      retry: false,
    });

  deadLetters = infiniteQueryOptions({
    queryKey: keys.deadLetters,
    queryFn: ({ pageParam }) => this.api.listDeadLetters(pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });

  /** Blobs by their words; what was found before stays until the next is there. */
  search = (q: string) =>
    queryOptions({
      queryKey: ["search", q],
      queryFn: async (): Promise<SearchHit[]> => (await this.api.searchBlobs(q, MAX_SEARCH_HITS)).items,
      enabled: q.trim().length >= MIN_SEARCH_LENGTH,
      placeholderData: (before) => (q.trim().length >= MIN_SEARCH_LENGTH ? before : undefined),
      staleTime: 0, // what was written a moment ago is found
      retry: false,
    });

  /** A blob to look at, of any schema. */
  blob = (blobId: string) => queryOptions({ queryKey: keys.blob(blobId), queryFn: () => this.api.getBlob(blobId) });

  /** One version of a schema, which never changes. */
  schema = (id: string, version: string) =>
    queryOptions({
      queryKey: ["schema", id, version],
      queryFn: () => this.api.getSchemaVersion(id, version),
      retry: false, // what it describes is shown without it
    });

  /** All that is in a bucket and below it, as far as it is not too much for one screen. */
  contents = (bucketId: string) =>
    queryOptions({
      queryKey: keys.contents(bucketId),
      queryFn: async () => {
        const items: ContentsItem[] = [];
        let cursor: string | null = null;
        for (let page = 0; page < MAX_CONTENTS_PAGES; page += 1) {
          const read: Page<ContentsItem> = await this.api.listContents(bucketId, cursor);
          items.push(...read.items);
          cursor = read.next_cursor;
          if (cursor === null) break;
        }
        return { items, isComplete: cursor === null };
      },
      staleTime: 0,
    });

  /** A bucket with its metadata, which the tree leaves out. */
  bucket = (bucketId: string) =>
    queryOptions({ queryKey: keys.bucket(bucketId), queryFn: () => this.api.getBucket(bucketId), staleTime: 0 });

  items = (bucketId: string) =>
    infiniteQueryOptions({
      queryKey: keys.items(bucketId),
      queryFn: async ({ pageParam }): Promise<Page<Item>> => {
        const page = await this.api.listItems(bucketId, pageParam);
        for (const item of page.items) {
          if (item.kind === "blob" && item.blob.schema_id === NOTE_SCHEMA) this.drafts.applyServerVersion(item.blob);
        }
        return page;
      },
      initialPageParam: null as string | null,
      getNextPageParam: (page) => page.next_cursor,
    });

  /** Every expansion of a note, newest first. */
  expansions = (blobId: string) =>
    queryOptions({
      queryKey: keys.expansions(blobId),
      queryFn: async (): Promise<Blob[]> => {
        const { items } = await this.api.listExpansions(blobId);
        return items.filter((blob) => !blob.trashed_at).sort((one, other) => (one.id < other.id ? 1 : -1));
      },
    });

  /** Every edited text that was made of a note. */
  editedTexts = (blobId: string) =>
    queryOptions({
      queryKey: keys.editedTexts(blobId),
      queryFn: async (): Promise<Blob[]> => (await this.api.listEditedTexts(blobId)).items,
    });

  trash = infiniteQueryOptions({
    queryKey: keys.trash,
    queryFn: ({ pageParam }) => this.api.listTrash(pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });

  /** Every path from a root to a note. Read anew each time: a bucket far above may have moved. */
  places = (blobId: string) =>
    queryOptions({
      queryKey: keys.places(blobId),
      queryFn: async () => (await this.api.listPlaces(blobId)).items,
      staleTime: 0,
    });

  revisions = (blobId: string) =>
    infiniteQueryOptions({
      queryKey: keys.revisions(blobId),
      queryFn: ({ pageParam }) => this.api.listRevisions(blobId, pageParam),
      initialPageParam: null as string | null,
      getNextPageParam: (page) => page.next_cursor,
    });

  /** The differences from a revision to the newest one, whose number is `newest`. */
  diff = (blobId: string, from: number | string, newest: number) =>
    queryOptions({ queryKey: ["diff", blobId, from, newest], queryFn: () => this.api.diffWithNewest(blobId, from) });

  /** What goes to the trash with a bucket; read for the question alone. */
  trashPreview = (branch: Branch) =>
    queryOptions({
      queryKey: ["trashPreview", branch.id],
      queryFn: () => previewTrash(branch, this.api.listItems),
      staleTime: 0,
      gcTime: 0,
    });

  /** Reads a note as it is now into its draft. */
  async readNote(blobId: string): Promise<void> {
    const blob = await this.client.fetchQuery({
      queryKey: ["blob", blobId],
      queryFn: () => this.api.getBlob(blobId),
      staleTime: 0,
      gcTime: 0,
    });
    this.drafts.applyServerVersion(blob);
  }

  invalidate(key: QueryKey): Promise<void> {
    return this.client.invalidateQueries({ queryKey: key });
  }

  cachedForest(): Forest | undefined {
    return this.client.getQueryData<Forest>(keys.forest);
  }

  changeForest(change: (forest: Forest) => Forest): void {
    this.client.setQueryData<Forest>(keys.forest, (forest) => forest && change(forest));
  }

  /** Changes a blob in every list of items that is in the cache. */
  changeCachedBlob(blobId: string, change: (blob: Blob) => Blob): void {
    this.client.setQueriesData<InfiniteData<Page<Item>>>({ queryKey: keys.allItems }, (list) => {
      const isIt = (item: Item) => item.kind === "blob" && item.blob.id === blobId;
      if (!list?.pages.some((page) => page.items.some(isIt))) return list;
      const changed = (item: Item): Item =>
        item.kind === "blob" && item.blob.id === blobId ? { ...item, blob: change(item.blob) } : item;
      return { ...list, pages: list.pages.map((page) => ({ ...page, items: page.items.map(changed) })) };
    });
  }
}
