/** Expands notes, and stops expansions. */

import { EXPANSION_PROCESSOR } from "../../api/blobContent";
import type { ActionDependencies } from "../../studio/actionDependencies";
import { text } from "../../text";

type Dependencies = Pick<ActionDependencies, "connection" | "drafts" | "notices">;

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
}
