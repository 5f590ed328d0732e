/** Undo and redo over the journal, which has every change of structure from every device. */

import type { ApiClient } from "../../api/client";
import type { Connection } from "../../api/connection";
import { errorMessage, Problem } from "../../api/errors";
import type { JournalAct, JournalEntry } from "../../api/types";
import type { NoticeAction, Notices } from "../../studio/notices";
import { text } from "../../text";
import { describeEntry, type NameLookup, withNames } from "./journalText";

type Direction = "undo" | "redo";

/** How to go on after a refusal, by the entry that it named. */
type Resolution = { anyway: string } | { skip: string } | Record<string, never>;

const OPPOSITE: Record<Direction, Direction> = { undo: "redo", redo: "undo" };

interface UndoRedoDependencies {
  api: ApiClient;
  connection: Connection;
  notices: Notices;
  names: NameLookup;
  /** Opens a bucket. */
  open: (bucketId: string) => void;
}

/** An act that was just done, and how to take it back without the journal. */
export interface DoneAct {
  act: JournalAct;
  /** The bucket or blob that it was done to. */
  id: string;
  inverse: () => void;
}

export class UndoRedo {
  #queue: Promise<void> = Promise.resolve();

  constructor(private readonly dependencies: UndoRedoDependencies) {}

  undo = (): Promise<void> => this.#enqueue("undo", {});
  redo = (): Promise<void> => this.#enqueue("redo", {});

  /** Returns an "Undo" for what was just done. It goes over the journal while that is the newest act there, so that
   * Ctrl+Z and this agree; once something else was done since, it runs the inverse. */
  noticeAction(done: DoneAct): NoticeAction {
    return { label: text.general.undo, run: () => void this.#undoAct(done) };
  }

  async #undoAct({ act, id, inverse }: DoneAct): Promise<void> {
    let newest: JournalEntry | undefined;
    try {
      const { items } = await this.dependencies.api.listNewestJournalEntries();
      newest = items.find((entry) => !entry.undone && !entry.passed);
    } catch (error) {
      return this.dependencies.notices.notifyError(text.undo.lookupFailed, error);
    }
    if (newest?.act === act && (newest.bucket_id === id || newest.blob_id === id)) return this.undo();
    inverse();
  }

  /** One after the other, in the order of the keys: two quick Ctrl+Z are two acts. */
  #enqueue(direction: Direction, resolution: Resolution): Promise<void> {
    this.#queue = this.#queue.then(() => this.#run(direction, resolution));
    return this.#queue;
  }

  async #run(direction: Direction, resolution: Resolution): Promise<void> {
    const { connection, notices, names } = this.dependencies;
    try {
      const { entry } = (await connection.request(direction, resolution)) as { entry: JournalEntry };
      const isSkipped = "skip" in resolution;
      const outcome = isSkipped ? text.undo.skipped : text.undo.done[direction];
      const message = text.undo.outcome(outcome, describeEntry(entry, names));
      if (isSkipped) return notices.notify(message);
      const opposite = OPPOSITE[direction];
      notices.notify(message, { label: text.general[opposite], run: () => void this.#enqueue(opposite, {}) });
    } catch (error) {
      const reason = error instanceof Problem ? new Error(withNames(errorMessage(error), names)) : error;
      notices.notifyError(text.undo.failed[direction], reason, ...this.#waysOn(direction, error));
    }
  }

  /** What stands in the way can be shown, skipped, or, where only something came in since, taken along. */
  #waysOn(direction: Direction, error: unknown): NoticeAction[] {
    if (!(error instanceof Problem)) return [];
    const { bucket_id, entry_id, reason } = error.extensions;
    const actions: NoticeAction[] = [];
    if (typeof bucket_id === "string" && this.dependencies.names.bucket(bucket_id) !== undefined) {
      actions.push({ label: text.undo.showIt, run: () => this.dependencies.open(bucket_id) });
    }
    if (typeof entry_id !== "string") return actions;
    if (reason === "came_in_since") {
      const run = () => void this.#enqueue(direction, { anyway: entry_id });
      actions.push({ label: text.undo.anyway[direction], run });
    }
    actions.push({ label: text.undo.skipIt, run: () => this.#skip(direction, entry_id) });
    return actions;
  }

  /** Leaves that act as it is for good, and goes on with the next one. */
  #skip(direction: Direction, entry_id: string): void {
    void this.#enqueue(direction, { skip: entry_id });
    void this.#enqueue(direction, {});
  }
}
