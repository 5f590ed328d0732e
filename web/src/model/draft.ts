/** One note as a window has it: the text, what the server is known to have, and how the two stand. */

import { type Blob, contentOf, fieldsOf } from "./nouns";

/** `since` is when the oldest change was typed that the server has not acknowledged (ms). */
export type SaveState =
  | { kind: "saved" }
  | { kind: "saving"; since: number }
  | { kind: "offline"; since: number; detail: string }
  | { kind: "conflict"; since: number; theirs: Blob }
  | { kind: "refused"; since: number; status: number; detail: string };

/** The last version that the server is known to have. */
export interface Base {
  revision: number;
  text: string;
  data: Record<string, unknown>;
}

/** One note as this window has it. `kept` is false when the browser's storage would not take the unsaved text. */
export interface Draft {
  readonly key: string;
  readonly blobId: string | null;
  readonly bucketId: string | null;
  readonly text: string;
  readonly base: Base | null;
  readonly state: SaveState;
  readonly kept: boolean;
  /** The server has listed it in its bucket; until then this window must show it by itself. */
  readonly listed: boolean;
}

/** What survives a crash of this window; `creating` is the text a create was first sent with. */
export interface Kept {
  key: string;
  blobId: string | null;
  bucketId: string | null;
  text: string;
  base: Base | null;
  since: number;
  attempts: string[];
  creating: string | null;
}

export interface Entry extends Draft {
  text: string;
  blobId: string | null;
  bucketId: string | null;
  base: Base | null;
  state: SaveState;
  kept: boolean;
  listed: boolean;
  since: number | null;
  attempts: string[];
  creating: string | null;
  sending: boolean;
  failures: number;
  /** A revision heard of while a save was in flight: perhaps our own. */
  heard: number;
  shown: Draft;
  cancel: () => void;
  unsentSince: number | null;
}

export interface DraftsNeed {
  save(blobId: string, data: unknown, baseRevision: number, leaving: boolean): Promise<Blob>;
  create(key: string, bucketId: string, data: unknown, leaving: boolean): Promise<Blob>;
  /** Read the blob and hand it to `learn`. */
  read(blobId: string): void;
  keep(kept: Kept): boolean;
  drop(key: string): void;
  /** A text that lost against another and may be wanted again. */
  setAside(text: string, reason: string): void;
  created(draft: Draft, blob: Blob): void;
  now(): number;
  after(milliseconds: number, then: () => void): () => void;
}

export function baseOf(blob: Blob): Base {
  return { revision: blob.revision, text: contentOf(blob), data: fieldsOf(blob.data) };
}

export function keptOf(entry: Entry, since: number): Kept {
  const { key, blobId, bucketId, text, base, attempts, creating } = entry;
  return { key, blobId, bucketId, text, base, since, attempts, creating };
}

/** A new note without a word is nothing to save. */
export function hasWords(entry: Entry): boolean {
  return entry.blobId !== null || entry.creating !== null || entry.text.trim() !== "";
}

/** What the page sees of an entry. */
export function shownOf(entry: Omit<Draft, "shown">): Draft {
  const { key, blobId, bucketId, text, base, state, kept, listed } = entry;
  return { key, blobId, bucketId, text, base, state, kept, listed };
}

/** Enough to recognise a text of our own (53 bits, by bryc's cyrb53) without keeping every attempt in full. */
export function fingerprint(text: string): string {
  let [a, b] = [0xdeadbeef, 0x41c6ce57];
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    a = Math.imul(a ^ unit, 2654435761);
    b = Math.imul(b ^ unit, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return `${text.length}:${4294967296 * (2097151 & b) + (a >>> 0)}`;
}
