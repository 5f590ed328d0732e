/** Undo and redo over the journal, which knows of every change of structure from every device. */

import type { Api } from "../api";
import type { Socket } from "../socket";
import { actInWords, type Names } from "./acts";
import type { Action, Notices } from "./notices";
import type { ActName, JournalEntry } from "./nouns";
import { Problem } from "./problem";

type Way = "undo" | "redo";

/** How to go on after a refusal, by the entry that it named. */
type How = { anyway: string } | { skip: string } | Record<string, never>;

const DONE: Record<Way, string> = { undo: "Undone", redo: "Done again" };
const OTHER: Record<Way, { way: Way; label: string }> = {
  undo: { way: "redo", label: "Redo" },
  redo: { way: "undo", label: "Undo" },
};

export class Turns {
  #last: Promise<void> = Promise.resolve();

  constructor(
    private readonly api: Api,
    private readonly socket: Socket,
    private readonly notices: Notices,
    private readonly names: Names,
    private readonly go: (bucketId: string) => void,
  ) {}

  undo = (): Promise<void> => this.#turn("undo", {});
  redo = (): Promise<void> => this.#turn("redo", {});

  /** An "Undo" for what was just done: over the journal while it is the newest act there, so that Ctrl+Z and this agree;
   * once something else was done since, by its inverse. */
  back(act: ActName, id: string, inverse: () => void): Action {
    return { label: "Undo", act: () => void this.#back(act, id, inverse) };
  }

  async #back(act: ActName, id: string, inverse: () => void): Promise<void> {
    let newest: JournalEntry | undefined;
    try {
      newest = (await this.api.lastActs()).items.find((entry) => !entry.undone && !entry.passed);
    } catch (error) {
      return this.notices.fail("It could not be undone.", error);
    }
    if (newest?.act === act && (newest.bucket_id === id || newest.blob_id === id)) return this.undo();
    inverse();
  }

  /** One after the other, in the order of the keys: two quick Ctrl+Z are two acts. */
  #turn(way: Way, how: How): Promise<void> {
    this.#last = this.#last.then(() => this.#turned(way, how));
    return this.#last;
  }

  async #turned(way: Way, how: How): Promise<void> {
    try {
      const { entry } = (await this.socket.ask(way, how)) as { entry: JournalEntry };
      const other = OTHER[way];
      const act = () => void this.#turn(other.way, {});
      const said = `${"skip" in how ? "Left as it is" : DONE[way]}: ${actInWords(entry, this.names)}.`;
      if ("skip" in how) this.notices.say(said);
      else this.notices.say(said, { label: other.label, act });
    } catch (error) {
      this.notices.fail(way === "undo" ? "Not undone." : "Not done again.", error, ...this.#waysOn(way, error));
    }
  }

  /** What stands in the way can be looked at, gone past, or, where only something came in since, taken along. */
  #waysOn(way: Way, error: unknown): Action[] {
    if (!(error instanceof Problem)) return [];
    const { bucket_id, entry_id, reason } = error.facts;
    const actions: Action[] = [];
    if (typeof bucket_id === "string" && this.names.bucket(bucket_id) !== undefined) {
      actions.push({ label: "Show it", act: () => this.go(bucket_id) });
    }
    if (typeof entry_id !== "string") return actions;
    if (reason === "came_in_since") {
      const label = way === "undo" ? "Undo anyway" : "Redo anyway";
      actions.push({ label, act: () => void this.#turn(way, { anyway: entry_id }) });
    }
    actions.push({ label: "Skip it", act: () => this.#pass(way, entry_id) });
    return actions;
  }

  /** That act stays as it is for good, and the next one is turned. */
  #pass(way: Way, entry_id: string): void {
    void this.#turn(way, { skip: entry_id });
    void this.#turn(way, {});
  }
}
