/** Restores and names the versions of a note. */

import type { ActionDependencies } from "../../studio/actionDependencies";
import { keys } from "../../studio/queries";
import { text } from "../../text";

type Dependencies = Pick<ActionDependencies, "api" | "drafts" | "queries" | "notices">;

export class RevisionActions {
  constructor(private readonly dependencies: Dependencies) {}

  /** Makes the note as it was its newest version. Returns true when that has worked. */
  async restore(blobId: string, revision: number | string): Promise<boolean> {
    const { api, drafts, notices } = this.dependencies;
    const key = drafts.keyOf(blobId);
    if (!(await drafts.flush(key))) {
      notices.notify(text.notes.restoreUnsaved);
      return false;
    }
    const before = drafts.get(key)?.base?.revision;
    try {
      drafts.applyServerVersion(await api.restoreBlob(blobId, revision));
    } catch (error) {
      notices.notifyError(text.notes.restoreFailed, error);
      return false;
    }
    const undo = { label: text.general.undo, run: () => void this.restore(blobId, before ?? revision) };
    notices.notify(text.notes.versionRestored, undo);
    return true;
  }

  /** Null takes the name away. Raises what the server refuses, for the form that asked. */
  async rename(blobId: string, number: number, name: string | null): Promise<void> {
    const { api, queries } = this.dependencies;
    await api.nameRevision(blobId, number, name);
    await queries.invalidate(keys.revisions(blobId));
  }
}
