/** One browser for tests of drafts: its windows on a fake server, its storage and its clock. */

import type { StoredDraft } from "./draft";
import { Drafts } from "./drafts";
import { blob, FakeServer } from "./fakeServer.fixture";

interface Timer {
  due: number;
  callback: () => void;
}

export class FakeBrowser {
  readonly server = new FakeServer();
  readonly storage = new Map<string, StoredDraft>();
  readonly setAsideTexts: string[] = [];
  readonly readBlobs: string[] = [];
  readonly clock: { at: number; timers: Timer[] } = { at: 1_000_000, timers: [] };
  isStorageFull = false;

  openWindow(): Drafts {
    return new Drafts({
      save: (id, data, base) => this.server.save(id, data, base),
      create: (key, bucket, data) => this.server.create(key, bucket, data),
      read: (id) => this.readBlobs.push(id),
      store: (draft) => {
        if (!this.isStorageFull) this.storage.set(draft.key, structuredClone(draft));
        return !this.isStorageFull;
      },
      removeStored: (key) => this.storage.delete(key),
      setAside: (text) => this.setAsideTexts.push(text),
      onCreated: () => undefined,
      now: () => this.clock.at,
      after: (milliseconds, callback) => {
        const timer = { due: this.clock.at + milliseconds, callback };
        this.clock.timers.push(timer);
        return () => {
          this.clock.timers = this.clock.timers.filter((other) => other !== timer);
        };
      },
    });
  }

  /** Opens a window with a note that says this. */
  openNote(text = "The ship"): Drafts {
    const drafts = this.openWindow();
    drafts.applyServerVersion(this.server.put(blob(text, 1)));
    return drafts;
  }

  /** Lets this much time pass, timer by timer, and everything that follows from each settle. */
  async wait(milliseconds: number): Promise<void> {
    const until = this.clock.at + milliseconds;
    for (;;) {
      const due = this.clock.timers.filter((timer) => timer.due <= until);
      const next = due.sort((one, other) => one.due - other.due)[0];
      if (!next) break;
      this.clock.timers = this.clock.timers.filter((timer) => timer !== next);
      this.clock.at = Math.max(this.clock.at, next.due);
      next.callback();
      await settle();
    }
    this.clock.at = until;
    await settle();
  }
}

export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}
