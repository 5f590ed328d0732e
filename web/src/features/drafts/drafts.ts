/** The notes of this window: one save in flight per note, and nothing that was typed is ever dropped. */

import { contentOf } from "../../api/blobContent";
import { errorMessage, isTemporary, Problem } from "../../api/errors";
import type { Blob } from "../../api/types";
import { mergeTexts } from "../../language/merging";
import { text as words } from "../../text";
import {
  baseVersionOf,
  type Draft,
  type DraftEntry,
  type DraftsDependencies,
  fingerprint,
  hasContent,
  newEntry,
  type SaveState,
  type StoredDraft,
  snapshotOf,
  toStoredDraft,
} from "./draft";

const SAVE_DELAY_MS = 400; // without a keystroke before a save
const MAX_SAVE_DELAY_MS = 2_000; // somebody who types without pausing is saved all the same
// The first save of a new note is what sets off automatic processors, so it waits for the end of a thought.
const FIRST_SAVE_DELAY_MS = 1_500;
const MAX_FIRST_SAVE_DELAY_MS = 10_000; // until then the text is stored in this browser, like everything unsaved
const RETRY_DELAYS_MS = [1_000, 2_000, 4_000, 8_000, 15_000]; // while the studio cannot be reached
const WRITING_MS = 10_000; // after a keystroke, in which the next one is to be expected
const MAX_REMEMBERED_ATTEMPTS = 32; // saves whose outcome is unknown; one of them may come back as somebody's change

export class Drafts {
  #entries = new Map<string, DraftEntry>();
  #keys = new Map<string, string>(); // blob id -> key, for notes that began here before the server named them
  #listeners = new Set<() => void>();
  #unsaved: readonly Draft[] = [];

  constructor(private readonly dependencies: DraftsDependencies) {}

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  get = (key: string): Draft | null => this.#entries.get(key)?.snapshot ?? null;
  unsaved = (): readonly Draft[] => this.#unsaved;

  /** Returns the key under which this window has the blob; it stays the same when a new note gets its id. */
  keyOf(blobId: string): string {
    return this.#keys.get(blobId) ?? blobId;
  }

  /** Returns notes of this bucket that the server's list may lack: new ones, and unsaved ones trashed elsewhere. */
  unlistedIn(bucketId: string): Draft[] {
    const here = [...this.#entries.values()].filter((entry) => entry.bucketId === bucketId);
    return here.filter((entry) => entry.since !== null || !entry.isListed).map((entry) => entry.snapshot);
  }

  /** Notes that the list on the screen has these blobs. Called after it is drawn, or a note would vanish in between. */
  markListed(bucketId: string, blobIds: readonly string[]): void {
    for (const id of blobIds) {
      const entry = this.#entries.get(this.keyOf(id));
      if (!entry || (entry.isListed && entry.bucketId === bucketId)) continue;
      Object.assign(entry, { bucketId, isListed: true });
      this.#setState(entry, entry.state);
    }
  }

  /** True while a create is under way, so that a new note the server announces may well be ours. */
  isCreating(): boolean {
    return [...this.#entries.values()].some((entry) => entry.isSending && entry.blobId === null);
  }

  /** Takes over a version of the server. What is being typed here stays: merged with it where both are apart, or else
   * its save will find out that they clash. */
  applyServerVersion(blob: Blob): void {
    const entry = this.#entries.get(this.keyOf(blob.id));
    if (!entry) {
      this.#add({ key: blob.id, blobId: blob.id, bucketId: null, text: contentOf(blob), base: baseVersionOf(blob) });
      return;
    }
    if (entry.base && blob.revision <= entry.base.revision) return;
    if (entry.state.kind === "conflict") {
      if (blob.revision > entry.state.theirs.revision) this.#setState(entry, { ...entry.state, theirs: blob });
      return;
    }
    if (entry.isSending) return;
    if (entry.since !== null) {
      // While the outcome of a save is unknown, this may be our own text: the next save will find out.
      if (entry.attempts.length === 0) this.#mergeApart(entry, blob);
      return;
    }
    entry.base = baseVersionOf(blob);
    entry.text = entry.base.text;
    this.#setState(entry, { kind: "saved" });
  }

  /** The blob is in the trash, or deleted. Its unsaved text stays here. */
  handleRemoved(blobId: string): void {
    const entry = this.#entries.get(this.keyOf(blobId));
    if (!entry || entry.since !== null) return;
    const since = this.dependencies.now();
    if (since - entry.typedAt > WRITING_MS) return this.discard(entry.key);
    entry.since = since; // somebody is writing in it: it stays, to be restored with the next words
    this.#store(entry, since);
    this.#setState(entry, { kind: "refused", since, status: 409, detail: words.drafts.trashedElsewhere });
  }

  /** The server announces this revision; returns true when it must be read. */
  handleAnnounced(blobId: string, revision: number): boolean {
    const entry = this.#entries.get(this.keyOf(blobId));
    if (!entry) return false;
    if (entry.isSending) {
      entry.announcedRevision = Math.max(entry.announcedRevision, revision);
      return false;
    }
    return !entry.base || revision > entry.base.revision;
  }

  /** Begins a note in this bucket and returns its key; the server gets it with the first word. */
  startNote(bucketId: string, text = ""): string {
    const { now } = this.dependencies;
    const key = `note-${crypto.randomUUID?.() ?? `${now()}-${Math.random().toString(36).slice(2)}`}`;
    this.#add({ key, blobId: null, bucketId, text: "", base: null });
    if (text) this.changeText(key, text);
    return key;
  }

  changeText(key: string, text: string): void {
    const entry = this.#entries.get(key);
    if (!entry || entry.text === text) return;
    entry.text = text;
    entry.typedAt = this.dependencies.now();
    if (!entry.isSending && entry.state.kind !== "conflict" && this.#matchesServer(entry)) {
      this.#markSaved(entry);
      return;
    }
    entry.since ??= this.dependencies.now();
    entry.unsentSince ??= this.dependencies.now();
    this.#store(entry, entry.since);
    if (entry.state.kind === "conflict" || entry.state.kind === "offline") {
      this.#setState(entry, entry.state);
      return;
    }
    // While the state is the same it stays the same object, so that typing draws nothing but the text.
    const isSaving = entry.state.kind === "saving" && entry.state.since === entry.since;
    this.#setState(entry, isSaving ? entry.state : { kind: "saving", since: entry.since });
    const isNew = entry.blobId === null;
    const delay = isNew ? FIRST_SAVE_DELAY_MS : SAVE_DELAY_MS;
    const latest = entry.unsentSince + (isNew ? MAX_FIRST_SAVE_DELAY_MS : MAX_SAVE_DELAY_MS);
    this.#sendLater(entry, Math.min(delay, Math.max(0, latest - this.dependencies.now())));
  }

  /** Saves what is there now; returns true when the server has all of it. */
  async flush(key: string): Promise<boolean> {
    for (let entry = this.#entries.get(key); entry && entry.since !== null; ) {
      if (entry.state.kind !== "saving") return false;
      if (entry.isSending) await this.#untilSent(entry);
      else await this.#send(entry, false);
      if (entry.state.kind === "saving" && !entry.isSending && !hasContent(entry)) return false;
    }
    return true;
  }

  /** Tries again what failed: the network is back, or the user asked for it. */
  retry(key?: string): void {
    for (const entry of this.#entries.values()) {
      const isStuck = entry.state.kind === "offline" || entry.state.kind === "refused";
      if (entry.since === null || !isStuck || (key !== undefined && entry.key !== key)) continue;
      if (key === undefined && entry.state.kind === "refused" && entry.state.status !== 401) continue;
      this.#setState(entry, { kind: "saving", since: entry.since });
      void this.#send(entry, false);
    }
  }

  /** Sends what can be sent as the page goes away. The rest is stored, and the next window resumes it. */
  sendAll(): void {
    for (const entry of this.#entries.values()) {
      const isWorthTrying = entry.state.kind === "saving" || entry.state.kind === "offline";
      if (entry.since !== null && isWorthTrying && !entry.isSending) void this.#send(entry, true);
    }
  }

  /** Decides a conflict for this text. Mine is set aside when it is not part of the decision. */
  resolveConflict(key: string, text: string): void {
    const entry = this.#entries.get(key);
    if (entry?.state.kind !== "conflict" || entry.since === null) return;
    if (text !== entry.text) this.dependencies.setAside(entry.text, words.drafts.replacedByMerge);
    entry.base = baseVersionOf(entry.state.theirs);
    entry.text = text;
    if (text === entry.base.text) return this.#markSaved(entry);
    this.#store(entry, entry.since);
    this.#setState(entry, { kind: "saving", since: entry.since });
    void this.#send(entry, false);
  }

  /** Makes a note of its own of a text that its blob cannot take, because it was trashed elsewhere, say. */
  saveAsNewNote(key: string, bucketId: string): void {
    const entry = this.#entries.get(key);
    if (!entry) return;
    this.startNote(bucketId, entry.text);
    this.discard(key);
  }

  /** Drops a draft of which nothing is wanted any more. */
  discard(key: string): void {
    const entry = this.#entries.get(key);
    if (!entry) return;
    entry.cancelTimer();
    this.#entries.delete(key);
    if (entry.blobId) this.#keys.delete(entry.blobId); // restored from the trash, it comes under its own id
    this.dependencies.removeStored(key);
    this.#notify();
  }

  /** Resumes what an earlier window left unsaved. Sent on its old base, the server says whether it still fits. */
  resume(stored: StoredDraft): void {
    const known = this.#entries.get(stored.blobId ? this.keyOf(stored.blobId) : stored.key);
    if (known && known.since !== null) {
      if (known.text !== stored.text) this.dependencies.setAside(stored.text, words.drafts.leftByWindow);
      if (known.key !== stored.key) this.dependencies.removeStored(stored.key);
      return;
    }
    if (known) this.#entries.delete(known.key);
    const entry = this.#add(stored);
    if (stored.blobId) this.#keys.set(stored.blobId, stored.key);
    Object.assign(entry, { since: stored.since, attempts: stored.attempts, creating: stored.creating });
    this.#store(entry, stored.since);
    this.#setState(entry, { kind: "saving", since: stored.since });
    void this.#send(entry, false);
  }

  /** Forgets everything because another user is here, or nobody; what is stored stays. What is under way comes to
   * nothing: it must be neither sent again nor stored as somebody else's. */
  clear(): void {
    for (const entry of this.#entries.values()) {
      entry.cancelTimer();
      entry.since = null;
    }
    this.#entries.clear();
    this.#keys.clear();
    this.#notify();
  }

  async #send(entry: DraftEntry, isLeaving: boolean): Promise<void> {
    if (entry.isSending || entry.since === null || entry.state.kind === "conflict" || !hasContent(entry)) return;
    entry.cancelTimer();
    entry.isSending = true;
    entry.unsentSince = null;
    // A repeated create must say the same under the same key; what was typed since follows as a change.
    const text = entry.blobId === null ? (entry.creating ?? entry.text) : entry.text;
    entry.creating = entry.blobId === null ? text : null;
    entry.attempts = [...entry.attempts, fingerprint(text)].slice(-MAX_REMEMBERED_ATTEMPTS);
    this.#store(entry, entry.since);
    try {
      const blob = await this.#write(entry, text, isLeaving);
      entry.isSending = false;
      if (entry.since !== null) this.#acknowledge(entry, blob, text);
    } catch (error) {
      entry.isSending = false;
      this.#handleFailure(entry, error);
    }
  }

  #write({ key, blobId, base, bucketId }: DraftEntry, text: string, isLeaving: boolean): Promise<Blob> {
    return blobId === null || base === null
      ? this.dependencies.create(key, bucketId ?? "", { content: text }, isLeaving)
      : this.dependencies.save(blobId, { ...base.data, content: text }, base.revision, isLeaving);
  }

  #acknowledge(entry: DraftEntry, blob: Blob, text: string): void {
    const isNew = entry.blobId === null;
    if (isNew) this.#entries.delete(blob.id); // read under its id before we knew that it is ours
    entry.blobId = blob.id;
    entry.base = { ...baseVersionOf(blob), text };
    entry.attempts = [];
    entry.creating = null;
    entry.failures = 0;
    this.#keys.set(blob.id, entry.key);
    if (this.#matchesServer(entry)) this.#markSaved(entry);
    else this.#continueSaving(entry);
    if (isNew) this.dependencies.onCreated(entry.snapshot);
    if (entry.announcedRevision > blob.revision) this.dependencies.read(blob.id);
    entry.announcedRevision = 0;
  }

  #handleFailure(entry: DraftEntry, error: unknown): void {
    if (entry.since === null) return;
    const current = error instanceof Problem && error.status === 409 ? (error.current as Blob | undefined) : undefined;
    // What is in the trash is not changed by trying again; once it is restored, this is tried again.
    const isConflict = current?.revision !== undefined && !current.trashed_at;
    if (isConflict) return this.#handleConflict(entry, current, entry.since);
    if (isTemporary(error)) {
      const delay = RETRY_DELAYS_MS[Math.min(entry.failures, RETRY_DELAYS_MS.length - 1)] ?? SAVE_DELAY_MS;
      entry.failures += 1;
      this.#setState(entry, { kind: "offline", since: entry.since, detail: errorMessage(error) });
      this.#sendLater(entry, delay);
      return;
    }
    entry.attempts = [];
    entry.creating = null; // a definite no: the next create may say something else
    const status = error instanceof Problem ? error.status : 0;
    this.#setState(entry, { kind: "refused", since: entry.since, status, detail: errorMessage(error) });
  }

  /** Somebody was faster, unless that was us: a save whose answer got lost looks the same. */
  #handleConflict(entry: DraftEntry, current: Blob, since: number): void {
    const text = contentOf(current);
    const isOurs = text === entry.text || text === entry.base?.text || entry.attempts.includes(fingerprint(text));
    if (!isOurs) {
      if (this.#mergeApart(entry, current)) return;
      entry.attempts = [];
      this.#setState(entry, { kind: "conflict", since, theirs: current });
      return;
    }
    entry.base = baseVersionOf(current);
    entry.attempts = [];
    if (this.#matchesServer(entry)) this.#markSaved(entry);
    else this.#continueSaving(entry);
  }

  /** Merges a version of somebody else into the text; returns false, and does nothing, where both are not apart. */
  #mergeApart(entry: DraftEntry, theirs: Blob): boolean {
    if (entry.base === null) return false;
    const merge = mergeTexts(entry.base.text, entry.text, contentOf(theirs));
    if (!merge.isApart) return false;
    entry.base = baseVersionOf(theirs);
    entry.text = merge.text;
    entry.attempts = [];
    if (this.#matchesServer(entry)) this.#markSaved(entry);
    else this.#continueSaving(entry);
    this.dependencies.onMerged?.(entry.snapshot);
    return true;
  }

  #continueSaving(entry: DraftEntry): void {
    const since = entry.unsentSince ?? entry.since ?? this.dependencies.now();
    entry.since = since;
    this.#store(entry, since);
    this.#setState(entry, { kind: "saving", since });
    this.#sendLater(entry, SAVE_DELAY_MS);
  }

  #markSaved(entry: DraftEntry): void {
    entry.cancelTimer();
    Object.assign(entry, { since: null, unsentSince: null, attempts: [], isStored: true });
    this.dependencies.removeStored(entry.key);
    this.#setState(entry, { kind: "saved" });
  }

  /** True when the server has this text for certain. */
  #matchesServer(entry: DraftEntry): boolean {
    if (entry.base === null) return entry.creating === null && !hasContent(entry);
    return entry.text === entry.base.text && entry.attempts.length === 0;
  }

  #store(entry: DraftEntry, since: number): void {
    entry.isStored = this.dependencies.store(toStoredDraft(entry, since));
  }

  #sendLater(entry: DraftEntry, milliseconds: number): void {
    entry.cancelTimer();
    entry.cancelTimer = this.dependencies.after(milliseconds, () => void this.#send(entry, false));
  }

  #untilSent(entry: DraftEntry): Promise<void> {
    return new Promise((resolve) => {
      const unsubscribe = this.subscribe(() => {
        if (entry.isSending) return;
        unsubscribe();
        resolve();
      });
    });
  }

  #add(fields: Pick<Draft, "key" | "blobId" | "bucketId" | "text" | "base">): DraftEntry {
    const entry = newEntry(fields);
    this.#entries.set(entry.key, entry);
    this.#notify();
    return entry;
  }

  #setState(entry: DraftEntry, state: SaveState): void {
    entry.state = state;
    entry.snapshot = snapshotOf(entry);
    this.#notify();
  }

  #notify(): void {
    const unsaved = [...this.#entries.values()].filter(({ since }) => since !== null).map(({ snapshot }) => snapshot);
    const isSame =
      unsaved.length === this.#unsaved.length && unsaved.every((draft, index) => draft === this.#unsaved[index]);
    if (!isSame) this.#unsaved = unsaved;
    for (const listener of [...this.#listeners]) listener();
  }
}
