/** Drafts parts of pitches again, changes them by hand, and makes pages of pitches. */

import type { Blob } from "../../api/types";
import type { ActionDependencies } from "../../studio/actionDependencies";
import { keys } from "../../studio/queries";
import { text } from "../../text";
import type { RunActions } from "../processors/runList/runActions";
import { PITCH_EXPORT, PITCH_WRITER, type PitchPartName } from "./pitch";

type Dependencies = Pick<ActionDependencies, "api" | "notices" | "queries"> & { runActions: RunActions };

export class PitchActions {
  constructor(private readonly dependencies: Dependencies) {}

  /** Asks for one part once more: the result is another pitch, in which all else is as it is in this one. */
  async draftAgain(pitch: Blob, part: PitchPartName): Promise<void> {
    await this.#run(pitch, PITCH_WRITER, { parts: [part] });
  }

  /** Makes one page of the pitch, as PDF and DOCX. */
  async exportPage(pitch: Blob): Promise<void> {
    await this.#run(pitch, PITCH_EXPORT, {});
  }

  /** Saves what a person wrote. Raises what the server refuses, for the form that asked. */
  async edit(pitch: Blob, part: PitchPartName, content: string): Promise<void> {
    const { api, queries } = this.dependencies;
    await api.mergeIntoBlob(pitch.id, { [part]: content.trim() === "" ? null : content }, pitch.revision);
    await queries.invalidate(keys.blob(pitch.id));
    for (const id of pitch.bucket_ids) void queries.invalidate(keys.items(id));
  }

  async #run(pitch: Blob, processorId: string, settings: Record<string, unknown>): Promise<void> {
    const { notices, runActions } = this.dependencies;
    try {
      await runActions.request({ processorId, settings, source: { blobIds: [pitch.id] } });
    } catch (error) {
      notices.notifyError(text.runs.startFailed, error);
    }
  }
}
