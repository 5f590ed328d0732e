/** Saves, deletes and runs pipelines. */

import type { Pipeline, PipelineStage } from "../../../api/types";
import { type ActionDependencies, newIdempotencyKey } from "../../../studio/actionDependencies";
import { keys } from "../../../studio/queries";
import { text } from "../../../text";

type Dependencies = Pick<ActionDependencies, "api" | "notices" | "queries">;

export interface PipelineDraft {
  name: string;
  stages: PipelineStage[];
}

export class PipelineActions {
  constructor(private readonly dependencies: Dependencies) {}

  /** Saves a new pipeline, or the change of one that is there. Raises what the studio refuses. */
  async save(draft: PipelineDraft, known: Pipeline | null): Promise<void> {
    const { api, notices, queries } = this.dependencies;
    const saved = known
      ? await api.changePipeline(known.id, { ...draft, base_revision: known.revision })
      : await api.createPipeline(draft, newIdempotencyKey("pipeline"));
    notices.notify(text.pipelines.saved(saved.name));
    await queries.invalidate(keys.pipelines);
  }

  /** Deletes a pipeline; "Undo" saves it again, as a new one. */
  async remove({ id, name, stages }: Pipeline): Promise<void> {
    const { api, notices, queries } = this.dependencies;
    try {
      await api.deletePipeline(id);
    } catch (error) {
      notices.notifyError(text.pipelines.removeFailed, error);
      return void queries.invalidate(keys.pipelines);
    }
    queries.client.setQueryData<Pipeline[]>(keys.pipelines, (all) => all?.filter((one) => one.id !== id));
    const undo = () => {
      this.save({ name, stages }, null).catch((error: unknown) =>
        notices.notifyError(text.pipelines.saveFailed, error),
      );
    };
    notices.notify(text.pipelines.removed(name), { label: text.general.undo, run: undo });
  }
}
