/** Replays and discards dead letters. */

import type { InfiniteData } from "@tanstack/react-query";
import type { DeadLetter, Page } from "../../../api/types";
import type { ActionDependencies } from "../../../studio/actionDependencies";
import { keys } from "../../../studio/queries";
import { RUNS_ROUTE } from "../../../studio/route";
import { text } from "../../../text";

type Dependencies = Pick<ActionDependencies, "api" | "queries" | "notices" | "route">;

export class DeadLetterActions {
  constructor(private readonly dependencies: Dependencies) {}

  async replay(letter: DeadLetter): Promise<void> {
    try {
      await this.replayWith(letter, undefined);
    } catch (error) {
      this.#handleFailure(text.deadLetters.replayFailed, error);
    }
  }

  /** Requests the run again; with data, its blob gets that first. Raises what the studio refuses. */
  async replayWith(letter: DeadLetter, data: unknown): Promise<void> {
    const { api, notices, queries, route } = this.dependencies;
    await api.replayDeadLetter(letter.id, data);
    this.#removeCached(letter.id);
    void queries.invalidate(keys.runs);
    notices.notify(text.deadLetters.replayed, { label: text.runs.showRuns, run: () => route.go(RUNS_ROUTE) });
  }

  /** Requests all runs again that can be, and says why another one could not. */
  async replayAll(): Promise<void> {
    const { api, notices, queries, route } = this.dependencies;
    try {
      const { replayed, kept } = await api.replayAllDeadLetters();
      const show = { label: text.runs.showRuns, run: () => route.go(RUNS_ROUTE) };
      if (replayed > 0) notices.notify(text.deadLetters.replayedAll(replayed), show);
      const [first] = kept;
      if (first) notices.notifyError(text.deadLetters.keptSome(kept.length), new Error(first.reason));
    } catch (error) {
      notices.notifyError(text.deadLetters.replayFailed, error);
    } finally {
      void queries.invalidate(keys.deadLetters);
      void queries.invalidate(keys.runs);
    }
  }

  async discard(letter: DeadLetter): Promise<void> {
    try {
      await this.dependencies.api.discardDeadLetter(letter.id);
      this.#removeCached(letter.id);
      this.dependencies.notices.notify(text.deadLetters.discarded);
    } catch (error) {
      this.#handleFailure(text.deadLetters.discardFailed, error);
    }
  }

  /** What could not be done may have been done elsewhere. */
  #handleFailure(failure: string, error: unknown): void {
    this.dependencies.notices.notifyError(failure, error);
    void this.dependencies.queries.invalidate(keys.deadLetters);
  }

  #removeCached(id: string): void {
    const { queries } = this.dependencies;
    queries.client.setQueryData<InfiniteData<Page<DeadLetter>>>(
      keys.deadLetters,
      (list) =>
        list && {
          ...list,
          pages: list.pages.map((page) => ({ ...page, items: page.items.filter((letter) => letter.id !== id) })),
        },
    );
    void queries.invalidate(keys.deadLetters);
  }
}
