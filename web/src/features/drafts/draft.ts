/** One note as this window has it: its text, the version the server is known to have, and the state of its saving. */

import { contentOf, fieldsOf } from "../../api/blobContent";
import type { Blob } from "../../api/types";

/** `since` is when the oldest change was typed that the server has not acknowledged (ms). */
export type SaveState =
  | { kind: "saved" }
  | { kind: "saving"; since: number }
  | { kind: "offline"; since: number; detail: string }
  | { kind: "conflict"; since: number; theirs: Blob }
  | { kind: "refused"; since: number; status: number; detail: string };

/** The newest version that the server is known to have. */
export interface BaseVersion {
  revision: number;
  text: string;
  data: Record<string, unknown>;
}

/** A note as this window shows it. */
export interface Draft {
  readonly key: string;
  readonly blobId: string | null;
  readonly bucketId: string | null;
  readonly text: string;
  readonly base: BaseVersion | null;
  readonly state: SaveState;
  /** False when the browser's storage would not take the unsaved text. */
  readonly isStored: boolean;
  /** True once the server has listed it in its bucket; until then this window must show it by itself. */
  readonly isListed: boolean;
}

/** What survives a crash of this window; `creating` is the text that a create was first sent with. */
export interface StoredDraft {
  key: string;
  blobId: string | null;
  bucketId: string | null;
  text: string;
  base: BaseVersion | null;
  since: number;
  attempts: string[];
  creating: string | null;
}

/** A draft with what is needed to save it. */
export interface DraftEntry extends Draft {
  text: string;
  blobId: string | null;
  bucketId: string | null;
  base: BaseVersion | null;
  state: SaveState;
  isStored: boolean;
  isListed: boolean;
  /** When the oldest unacknowledged change was typed (ms); null while everything is saved. */
  since: number | null;
  /** When the oldest change was typed that no save has been sent for (ms). */
  unsentSince: number | null;
  /** Fingerprints of the texts that were sent without a known outcome. */
  attempts: string[];
  creating: string | null;
  isSending: boolean;
  /** When the text was last changed here (ms). */
  typedAt: number;
  failures: number;
  /** The newest revision announced while a save was in flight: perhaps our own. */
  announcedRevision: number;
  /** The draft as the page sees it; a new object after every change. */
  snapshot: Draft;
  cancelTimer: () => void;
}

/** What the drafts need of the studio and the browser. */
export interface DraftsDependencies {
  save(blobId: string, data: unknown, baseRevision: number, isLeaving: boolean): Promise<Blob>;
  create(key: string, bucketId: string, data: unknown, isLeaving: boolean): Promise<Blob>;
  /** Reads the blob and passes it to `applyServerVersion`. */
  read(blobId: string): void;
  /** Stores an unsaved draft in this browser; false when its storage is full. */
  store(draft: StoredDraft): boolean;
  removeStored(key: string): void;
  /** Keeps a text that lost against another and may be wanted again. */
  setAside(text: string, reason: string): void;
  onCreated(draft: Draft): void;
  /** A change from elsewhere was merged into what is unsaved here. */
  onMerged?(draft: Draft): void;
  now(): number;
  /** Calls back after so long; returns how to cancel it. */
  after(milliseconds: number, callback: () => void): () => void;
}

export function baseVersionOf(blob: Blob): BaseVersion {
  return { revision: blob.revision, text: contentOf(blob), data: fieldsOf(blob.data) };
}

export function toStoredDraft(entry: DraftEntry, since: number): StoredDraft {
  const { key, blobId, bucketId, text, base, attempts, creating } = entry;
  return { key, blobId, bucketId, text, base, since, attempts, creating };
}

/** False for a new note without a word, which is not worth saving. */
export function hasContent(entry: DraftEntry): boolean {
  return entry.blobId !== null || entry.creating !== null || entry.text.trim() !== "";
}

export function newEntry(fields: Pick<Draft, "key" | "blobId" | "bucketId" | "text" | "base">): DraftEntry {
  const { key, blobId, bucketId, text, base } = fields;
  const state: SaveState = { kind: "saved" };
  const snapshot: Draft = { key, blobId, bucketId, text, base, state, isStored: true, isListed: false };
  return {
    ...snapshot,
    snapshot,
    since: null,
    unsentSince: null,
    attempts: [],
    creating: null,
    isSending: false,
    typedAt: 0,
    failures: 0,
    announcedRevision: 0,
    cancelTimer: () => undefined,
  };
}

export function snapshotOf(entry: Draft): Draft {
  const { key, blobId, bucketId, text, base, state, isStored, isListed } = entry;
  return { key, blobId, bucketId, text, base, state, isStored, isListed };
}

/** Returns enough to recognise a text of our own (53 bits, by bryc's cyrb53) without keeping it in full. */
export function fingerprint(text: string): string {
  let [a, b] = [0xdeadbeef, 0x41c6ce57];
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    a = Math.imul(a ^ unit, 2654435761);
    b = Math.imul(b ^ unit, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return `${text.length}:${4294967296 * (2097151 & b) + (a >>> 0)}`;
}
