/** What was typed and what the server has acknowledged: one save in flight per note, and nothing typed is ever dropped. */

import {
  baseOf,
  type Draft,
  type DraftsNeed,
  type Entry,
  fingerprint,
  hasWords,
  type Kept,
  keptOf,
  type SaveState,
  shownOf,
} from "./draft";
import { type Blob, contentOf } from "./nouns";
import { inWords, isPassing, Problem } from "./problem";

const PAUSE = 400; // ms without a keystroke before a save
const LONGEST_PAUSE = 2_000; // ms; somebody who types without pausing is saved all the same
// The first save of a new note is what sets off automatic processors, so it waits for the end of a thought.
const FIRST_PAUSE = 1_500; // ms
const LONGEST_FIRST_PAUSE = 10_000; // ms; until then the text is kept by this browser, like everything unsaved
const WAITS = [1_000, 2_000, 4_000, 8_000, 15_000]; // ms between attempts while the studio cannot be reached
const ATTEMPTS_REMEMBERED = 32; // saves whose outcome is unknown; one of them may come back as somebody's change

export class Drafts {
  #entries = new Map<string, Entry>();
  #keys = new Map<string, string>(); // blob id -> key, for notes that began here before the server named them
  #watchers = new Set<() => void>();
  #unsaved: readonly Draft[] = [];

  constructor(private readonly need: DraftsNeed) {}

  subscribe = (told: () => void): (() => void) => {
    this.#watchers.add(told);
    return () => this.#watchers.delete(told);
  };

  draft = (key: string): Draft | null => this.#entries.get(key)?.shown ?? null;
  unsaved = (): readonly Draft[] => this.#unsaved;

  /** The key under which this window holds the blob; it stays the same when a new note gets its id. */
  keyOf(blobId: string): string {
    return this.#keys.get(blobId) ?? blobId;
  }

  /** Notes of this bucket that the server's list may lack: new ones, and unsaved ones that were trashed elsewhere. */
  loose(bucketId: string): Draft[] {
    const here = [...this.#entries.values()].filter((entry) => entry.bucketId === bucketId);
    return here.filter((entry) => entry.since !== null || !entry.listed).map((entry) => entry.shown);
  }

  /** The list that is on the screen has these blobs. Said after it is drawn, or a note would vanish for a moment between. */
  listed(bucketId: string, blobIds: readonly string[]): void {
    for (const id of blobIds) {
      const entry = this.#entries.get(this.keyOf(id));
      if (!entry || (entry.listed && entry.bucketId === bucketId)) continue;
      Object.assign(entry, { bucketId, listed: true });
      this.#show(entry, entry.state);
    }
  }

  /** A create is under way, so that a new note the server speaks of may well be ours. */
  creating(): boolean {
    return [...this.#entries.values()].some((entry) => entry.sending && entry.blobId === null);
  }

  /** The server has this version. What is being typed here stays; its own save will find out whether they clash. */
  learn(blob: Blob): void {
    const entry = this.#entries.get(this.keyOf(blob.id));
    if (!entry) {
      this.#add({ key: blob.id, blobId: blob.id, bucketId: null, text: contentOf(blob), base: baseOf(blob) });
      return;
    }
    if (entry.base && blob.revision <= entry.base.revision) return;
    if (entry.state.kind === "conflict") {
      if (blob.revision > entry.state.theirs.revision) this.#show(entry, { ...entry.state, theirs: blob });
      return;
    }
    if (entry.since !== null || entry.sending) return;
    entry.base = baseOf(blob);
    entry.text = entry.base.text;
    this.#show(entry, { kind: "saved" });
  }

  /** The blob is in the trash, or gone. What is unsaved of it stays here. */
  lost(blobId: string): void {
    const entry = this.#entries.get(this.keyOf(blobId));
    if (entry && entry.since === null) this.forget(entry.key);
  }

  /** The server says that there is this revision; true when it must be read. */
  hearsOf(blobId: string, revision: number): boolean {
    const entry = this.#entries.get(this.keyOf(blobId));
    if (!entry) return false;
    if (entry.sending) {
      entry.heard = Math.max(entry.heard, revision);
      return false;
    }
    return !entry.base || revision > entry.base.revision;
  }

  /** An empty note in this bucket; the server hears of it with the first word. */
  start(bucketId: string, text = ""): string {
    const key = `note-${crypto.randomUUID?.() ?? `${this.need.now()}-${Math.random().toString(36).slice(2)}`}`;
    this.#add({ key, blobId: null, bucketId, text: "", base: null });
    if (text) this.type(key, text);
    return key;
  }

  type(key: string, text: string): void {
    const entry = this.#entries.get(key);
    if (!entry || entry.text === text) return;
    entry.text = text;
    if (!entry.sending && entry.state.kind !== "conflict" && this.#isBack(entry)) {
      this.#clean(entry);
      return;
    }
    entry.since ??= this.need.now();
    entry.unsentSince ??= this.need.now();
    entry.kept = this.need.keep(keptOf(entry, entry.since));
    if (entry.state.kind === "conflict" || entry.state.kind === "offline") {
      this.#show(entry, entry.state);
      return;
    }
    this.#show(entry, { kind: "saving", since: entry.since });
    const [pause, longest] = entry.blobId === null ? [FIRST_PAUSE, LONGEST_FIRST_PAUSE] : [PAUSE, LONGEST_PAUSE];
    this.#later(entry, Math.min(pause, Math.max(0, entry.unsentSince + longest - this.need.now())));
  }

  /** Save what is there now; true when the server has all of it. */
  async settle(key: string): Promise<boolean> {
    for (let entry = this.#entries.get(key); entry && entry.since !== null; ) {
      if (entry.state.kind !== "saving") return false;
      if (entry.sending) await new Promise<void>((done) => this.#once(entry, done));
      else await this.#send(entry, false);
      if (entry.state.kind === "saving" && !entry.sending && !hasWords(entry)) return false;
    }
    return true;
  }

  /** The network is back, or somebody pressed "try again". */
  retry(key?: string): void {
    for (const entry of this.#entries.values()) {
      const stuck = entry.state.kind === "offline" || entry.state.kind === "refused";
      if (entry.since === null || !stuck || (key !== undefined && entry.key !== key)) continue;
      if (key === undefined && entry.state.kind === "refused" && entry.state.status !== 401) continue;
      this.#show(entry, { kind: "saving", since: entry.since });
      void this.#send(entry, false);
    }
  }

  /** The page goes away: hand over what can be handed over. What cannot is kept and resumed by the next window. */
  drain(): void {
    for (const entry of this.#entries.values()) {
      const worthTrying = entry.state.kind === "saving" || entry.state.kind === "offline";
      if (entry.since !== null && worthTrying && !entry.sending) void this.#send(entry, true);
    }
  }

  /** The conflict is decided: this text it is. Mine is set aside when it is not part of the decision. */
  resolve(key: string, text: string): void {
    const entry = this.#entries.get(key);
    if (entry?.state.kind !== "conflict" || entry.since === null) return;
    if (text !== entry.text) this.need.setAside(entry.text, "Replaced when two versions of a note were merged");
    entry.base = baseOf(entry.state.theirs);
    entry.text = text;
    if (text === entry.base.text) return this.#clean(entry);
    entry.kept = this.need.keep(keptOf(entry, entry.since));
    this.#show(entry, { kind: "saving", since: entry.since });
    void this.#send(entry, false);
  }

  /** The note it belonged to cannot take it (it was trashed elsewhere, say): let it become a note of its own. */
  saveAsNew(key: string, bucketId: string): void {
    const entry = this.#entries.get(key);
    if (!entry) return;
    this.start(bucketId, entry.text);
    this.forget(key);
  }

  /** Nothing of this draft is wanted any more. */
  forget(key: string): void {
    const entry = this.#entries.get(key);
    if (!entry) return;
    entry.cancel();
    this.#entries.delete(key);
    if (entry.blobId) this.#keys.delete(entry.blobId); // out of the trash again, it comes under its own id
    this.need.drop(key);
    this.#tell();
  }

  /** Take up what an earlier window left behind. Sending it on its old base lets the server say whether it still fits. */
  adopt(kept: Kept): void {
    const known = this.#entries.get(kept.blobId ? this.keyOf(kept.blobId) : kept.key);
    if (known && known.since !== null) {
      if (known.text !== kept.text) this.need.setAside(kept.text, "Left unsaved by another window");
      if (known.key !== kept.key) this.need.drop(kept.key);
      return;
    }
    if (known) this.#entries.delete(known.key);
    const entry = this.#add(kept);
    if (kept.blobId) this.#keys.set(kept.blobId, kept.key);
    Object.assign(entry, { since: kept.since, attempts: kept.attempts, creating: kept.creating });
    entry.kept = this.need.keep(keptOf(entry, kept.since));
    this.#show(entry, { kind: "saving", since: kept.since });
    void this.#send(entry, false);
  }

  /** Another account, or none: leave memory (what is kept stays where it is kept). */
  clear(): void {
    for (const entry of this.#entries.values()) entry.cancel();
    this.#entries.clear();
    this.#keys.clear();
    this.#tell();
  }

  async #send(entry: Entry, leaving: boolean): Promise<void> {
    if (entry.sending || entry.since === null || entry.state.kind === "conflict" || !hasWords(entry)) return;
    entry.cancel();
    entry.sending = true;
    entry.unsentSince = null;
    const { blobId, base, bucketId } = entry;
    // A repeated create must say the same under the same key; what was typed since follows as a change.
    const text = blobId === null ? (entry.creating ?? entry.text) : entry.text;
    entry.creating = blobId === null ? text : null;
    entry.attempts = [...entry.attempts, fingerprint(text)].slice(-ATTEMPTS_REMEMBERED);
    entry.kept = this.need.keep(keptOf(entry, entry.since));
    try {
      const blob =
        blobId === null || base === null
          ? await this.need.create(entry.key, bucketId ?? "", { content: text }, leaving)
          : await this.need.save(blobId, { ...base.data, content: text }, base.revision, leaving);
      entry.sending = false;
      this.#acknowledged(entry, blob, text);
    } catch (error) {
      entry.sending = false;
      this.#failed(entry, error);
    }
  }

  #acknowledged(entry: Entry, blob: Blob, text: string): void {
    const isNew = entry.blobId === null;
    if (isNew) this.#entries.delete(blob.id); // learned under its id before we knew that it is ours
    entry.blobId = blob.id;
    entry.base = { ...baseOf(blob), text };
    entry.attempts = [];
    entry.creating = null;
    entry.failures = 0;
    this.#keys.set(blob.id, entry.key);
    if (this.#isBack(entry)) this.#clean(entry);
    else this.#goOn(entry);
    if (isNew) this.need.created(entry.shown, blob);

    if (entry.heard > blob.revision) this.need.read(blob.id);
    entry.heard = 0;
  }

  #failed(entry: Entry, error: unknown): void {
    if (entry.since === null) return;
    const current = error instanceof Problem && error.status === 409 ? (error.current as Blob | undefined) : undefined;
    // What is in the trash is not changed by trying again; once it is restored, this is tried again.
    const clashes = current?.revision !== undefined && !current.trashed_at;
    if (clashes) return this.#clashed(entry, current, entry.since);
    if (isPassing(error)) {
      const wait = WAITS[Math.min(entry.failures, WAITS.length - 1)] ?? PAUSE;
      entry.failures += 1;
      this.#show(entry, { kind: "offline", since: entry.since, detail: inWords(error) });
      entry.cancel = this.need.after(wait, () => void this.#send(entry, false));
      return;
    }
    entry.attempts = [];
    entry.creating = null; // a definite no: the next create may say something else
    const status = error instanceof Problem ? error.status : 0;
    this.#show(entry, { kind: "refused", since: entry.since, status, detail: inWords(error) });
  }

  /** Somebody was faster, unless that somebody was us: an answer that got lost looks the same. */
  #clashed(entry: Entry, current: Blob, since: number): void {
    const text = contentOf(current);
    const ours = text === entry.text || text === entry.base?.text || entry.attempts.includes(fingerprint(text));
    if (!ours) {
      entry.attempts = [];
      this.#show(entry, { kind: "conflict", since, theirs: current });
      return;
    }
    entry.base = baseOf(current);
    entry.attempts = [];
    if (this.#isBack(entry)) this.#clean(entry);
    else this.#goOn(entry);
  }

  #goOn(entry: Entry): void {
    const since = entry.unsentSince ?? entry.since ?? this.need.now();
    entry.since = since;
    entry.kept = this.need.keep(keptOf(entry, since));
    this.#show(entry, { kind: "saving", since });
    this.#later(entry, PAUSE);
  }

  #clean(entry: Entry): void {
    entry.cancel();
    Object.assign(entry, { since: null, unsentSince: null, attempts: [], kept: true });
    this.need.drop(entry.key);
    this.#show(entry, { kind: "saved" });
  }

  /** Whether the text is what the server has, for certain. */
  #isBack(entry: Entry): boolean {
    if (entry.base === null) return entry.creating === null && !hasWords(entry);
    return entry.text === entry.base.text && entry.attempts.length === 0;
  }

  #later(entry: Entry, milliseconds: number): void {
    entry.cancel();
    entry.cancel = this.need.after(milliseconds, () => void this.#send(entry, false));
  }

  #once(entry: Entry, done: () => void): void {
    const stop = this.subscribe(() => {
      if (entry.sending) return;
      stop();
      done();
    });
  }

  #add(from: Pick<Draft, "key" | "blobId" | "bucketId" | "text" | "base">): Entry {
    const { key, blobId, bucketId, text, base } = from;
    const shown: Draft = { key, blobId, bucketId, text, base, state: { kind: "saved" }, kept: true, listed: false };
    const idle = {
      since: null,
      unsentSince: null,
      attempts: [],
      creating: null,
      sending: false,
      failures: 0,
      heard: 0,
    };
    const entry: Entry = { ...shown, ...idle, shown, cancel: () => undefined };
    this.#entries.set(key, entry);
    this.#tell();
    return entry;
  }

  #show(entry: Entry, state: SaveState): void {
    entry.state = state;
    entry.shown = shownOf(entry);
    this.#tell();
  }

  #tell(): void {
    const unsaved = [...this.#entries.values()].filter((entry) => entry.since !== null).map((entry) => entry.shown);
    const same = unsaved.length === this.#unsaved.length && unsaved.every((draft, at) => draft === this.#unsaved[at]);
    if (!same) this.#unsaved = unsaved;
    for (const told of [...this.#watchers]) told();
  }
}
