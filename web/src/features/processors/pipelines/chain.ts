/** Chains of processors: which of them fit behind one another. */

import type { JsonObject, PipelineStage, Processor } from "../../../api/types";
import { takesSchema } from "../runList/schemaPatterns";

/** A stage in the editor; `key` stays with it while others come and go. */
export interface DraftStage {
  readonly key: number;
  readonly processorId: string;
  readonly settings: JsonObject;
  readonly model: string | null;
  readonly when: string;
}

/** Reads the settings of a stage; null when something in them is wrong, which is then said there. */
export type SettingsReader = () => JsonObject | null;

/** Returns true when the target takes something that the source makes. */
export function fits(source: Processor, target: Processor): boolean {
  return [source.output_schema, ...(source.output_schemas ?? [])].some((made) => takesSchema(target, made));
}

/** Returns the processors that can stand behind this one; all of them at the beginning. */
export function processorsBehind(source: Processor | undefined, all: readonly Processor[]): Processor[] {
  return source === undefined ? [...all] : all.filter((target) => fits(source, target));
}

export function draftOf(stages: readonly PipelineStage[]): DraftStage[] {
  return stages.map(({ processor_id, settings, model, when }, key) => ({
    key,
    processorId: processor_id,
    settings: settings ?? {},
    model: model ?? null,
    when: when ?? "",
  }));
}

/** Returns the stage as it is sent. */
export function stageOf({ processorId, settings, model, when }: DraftStage): PipelineStage {
  return { processor_id: processorId, settings, model, when: when.trim() || null };
}
