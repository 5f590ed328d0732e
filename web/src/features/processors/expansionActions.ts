/** Expands notes, stops expansions, and switches automatic expansion on and off. */

import { EXPANSION_PROCESSOR } from "../../api/blobContent";
import type { Instance } from "../../api/types";
import type { ActionDependencies } from "../../studio/actionDependencies";
import { keys } from "../../studio/queries";
import { text } from "../../text";

type Dependencies = Pick<ActionDependencies, "api" | "connection" | "drafts" | "queries" | "notices">;

export class ExpansionActions {
  constructor(private readonly dependencies: Dependencies) {}

  /** Expands what is on the screen: the note is saved first, so that no older text is expanded. */
  async expand(draftKey: string): Promise<void> {
    const { connection, drafts, notices } = this.dependencies;
    if (!(await drafts.flush(draftKey))) {
      notices.notifyError(text.processors.notSavedYet, new Error(text.processors.tryInAMoment));
      return;
    }
    const blobId = drafts.get(draftKey)?.blobId;
    if (!blobId) return;
    try {
      await connection.request("run_processor", {
        processor_id: EXPANSION_PROCESSOR,
        blob_ids: [blobId],
        settings: {},
      });
    } catch (error) {
      notices.notifyError(text.processors.expandFailed, error);
    }
  }

  async cancel(runId: string): Promise<void> {
    try {
      await this.dependencies.connection.request("cancel_run", { run_id: runId });
    } catch (error) {
      this.dependencies.notices.notifyError(text.processors.stopFailed, error);
    }
  }

  /** Switches automatic expansion for a bucket and what is in it; `present` is its own instance, if it has one. */
  async setAutomatic(bucketId: string, enabled: boolean, present: Instance | undefined): Promise<void> {
    const { api, notices, queries } = this.dependencies;
    try {
      const changed = present
        ? await api.changeInstance(present.id, enabled)
        : await api.createInstance(EXPANSION_PROCESSOR, bucketId, enabled);
      queries.client.setQueryData<Instance[]>(keys.instances, (all = []) => [
        ...all.filter((one) => one.id !== changed.id),
        changed,
      ]);
    } catch (error) {
      notices.notifyError(text.processors.automaticFailed, error);
    }
  }
}
