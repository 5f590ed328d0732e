/** Accepts derived texts, and takes acceptances back. */

import type { Blob } from "../../../api/types";
import { type ActionDependencies, newIdempotencyKey } from "../../../studio/actionDependencies";
import { keys } from "../../../studio/queries";
import { text } from "../../../text";

type Dependencies = Pick<ActionDependencies, "api" | "queries" | "notices">;

interface Acceptance {
  noteId: string;
  derivedId: string;
  /** From 1; null for the whole text. */
  paragraphs: readonly number[] | null;
  /** The accepted text as it is on the screen; null before the first acceptance. */
  seen: Blob | null;
}

export class AcceptanceActions {
  constructor(private readonly dependencies: Dependencies) {}

  /** The whole text replaces what is there, so only if nobody has changed that since it was shown. */
  async accept({ noteId, derivedId, paragraphs, seen }: Acceptance): Promise<void> {
    const { api, notices } = this.dependencies;
    try {
      const accepted = await api.acceptBlob({
        noteId,
        derivedId,
        paragraphs,
        baseRevision: paragraphs === null ? (seen?.revision ?? 0) : null,
        idempotencyKey: newIdempotencyKey("accept"),
      });
      await this.#refresh(noteId, accepted.id);
      const undo = { label: text.general.undo, run: () => void this.takeBack(noteId, accepted, seen) };
      notices.notify(text.acceptance.accepted(paragraphs === null ? null : paragraphs.length), undo);
    } catch (error) {
      notices.notifyError(text.acceptance.acceptFailed, error);
      await this.#refresh(noteId, seen?.id);
    }
  }

  /** Brings back the text before an acceptance; before the first one there was none. */
  async takeBack(noteId: string, accepted: Blob, before: Blob | null): Promise<void> {
    const { api, notices } = this.dependencies;
    try {
      if (before === null) await api.trashBlob(accepted.id);
      else await api.restoreBlob(accepted.id, before.revision);
    } catch (error) {
      notices.notifyError(text.acceptance.takeBackFailed, error);
    }
    await this.#refresh(noteId, accepted.id);
  }

  /** Saves what a person wrote. Raises what the server refuses, for the form that asked. */
  async edit(noteId: string, accepted: Blob, content: string): Promise<void> {
    await this.dependencies.api.mergeIntoBlob(accepted.id, { content }, accepted.revision);
    await this.#refresh(noteId, accepted.id);
  }

  async #refresh(noteId: string, acceptedId: string | undefined): Promise<void> {
    const { queries } = this.dependencies;
    await queries.invalidate(keys.editedTexts(noteId));
    if (acceptedId !== undefined) await queries.invalidate(keys.blob(acceptedId));
  }
}
