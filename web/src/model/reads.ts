/** What is read from the studio and kept: the queries, their keys, and how long they are believed. */

import { infiniteQueryOptions, QueryClient, queryOptions } from "@tanstack/react-query";
import type { Api } from "../api";
import type { Drafts } from "./drafts";
import { type Branch, type Forest, forestOf } from "./forest";
import { goingWith } from "./going";
import { type Blob, EXPANSION, type Item, NOTE, type Page, type Revision } from "./nouns";
import { isPassing } from "./problem";

const RETRIES = 6; // with the client's doubling pauses: about a minute

export const FOREST = ["forest"] as const;
export const INSTANCES = ["instances"] as const;
export const TRASHED = ["trashed"] as const;
export const itemsOf = (bucketId: string) => ["items", bucketId] as const;
export const derivedOf = (blobId: string) => ["derived", blobId] as const;
export const placesOf = (blobId: string) => ["places", blobId] as const;
export const revisionsOf = (blobId: string) => ["revisions", blobId] as const;

/** Events say when something changed, so nothing goes stale by the clock; what cannot succeed is not repeated. */
export function queryClient(): QueryClient {
  const retry = (failures: number, error: unknown) => failures < RETRIES && isPassing(error);
  return new QueryClient({
    defaultOptions: {
      queries: { staleTime: Number.POSITIVE_INFINITY, networkMode: "always", refetchOnWindowFocus: false, retry },
    },
  });
}

export class Reads {
  constructor(
    private readonly api: Api,
    private readonly drafts: Drafts,
    readonly client: QueryClient,
  ) {}

  forest = queryOptions({
    queryKey: FOREST,
    queryFn: async (): Promise<Forest> => {
      const before = this.client.getQueryData<Forest>(FOREST);
      return forestOf((await this.api.forest()).items, before);
    },
    structuralSharing: false, // the forest shares what did not change by itself
  });

  instances = queryOptions({ queryKey: INSTANCES, queryFn: async () => (await this.api.instances()).items });

  items = (bucketId: string) =>
    infiniteQueryOptions({
      queryKey: itemsOf(bucketId),
      queryFn: async ({ pageParam }): Promise<Page<Item>> => {
        const page = await this.api.items(bucketId, pageParam);
        for (const item of page.items) {
          if (item.kind === "blob" && item.blob.schema_id === NOTE) this.drafts.learn(item.blob);
        }
        return page;
      },
      initialPageParam: null as string | null,
      getNextPageParam: (page) => page.next_cursor,
    });

  /** Every expansion of a note, newest first. */
  derived = (blobId: string) =>
    queryOptions({
      queryKey: derivedOf(blobId),
      queryFn: async (): Promise<Blob[]> => {
        const { items } = await this.api.derived(blobId, EXPANSION);
        return items.filter((blob) => !blob.trashed_at).sort((one, other) => (one.id < other.id ? 1 : -1));
      },
    });

  trash = infiniteQueryOptions({
    queryKey: TRASHED,
    queryFn: ({ pageParam }) => this.api.trash(pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });

  /** Every path from a root to a note. Asked anew each time: a bucket far above may have moved. */
  places = (blobId: string) =>
    queryOptions({
      queryKey: placesOf(blobId),
      queryFn: async () => (await this.api.places(blobId)).items,
      staleTime: 0,
    });

  revisions = (blobId: string) =>
    infiniteQueryOptions({
      queryKey: revisionsOf(blobId),
      queryFn: ({ pageParam }): Promise<Page<Revision>> => this.api.revisions(blobId, pageParam),
      initialPageParam: null as string | null,
      getNextPageParam: (page) => page.next_cursor,
    });

  /** From that revision to the present one, which is `now`. */
  diff = (blobId: string, from: number | string, now: number) =>
    queryOptions({ queryKey: ["diff", blobId, from, now], queryFn: () => this.api.diff(blobId, from) });

  /** What goes to the trash with a bucket; read for the question alone. */
  going = (branch: Branch) =>
    queryOptions({
      queryKey: ["going", branch.id],
      queryFn: () => goingWith(branch, this.api.items),
      staleTime: 0,
      gcTime: 0,
    });

  /** A note as it is now, for the draft of it. */
  async note(blobId: string): Promise<void> {
    const blob = await this.client.fetchQuery({
      queryKey: ["blob", blobId],
      queryFn: () => this.api.blob(blobId),
      staleTime: 0,
      gcTime: 0,
    });
    this.drafts.learn(blob);
  }
}
