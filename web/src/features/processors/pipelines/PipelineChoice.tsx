/** The choice among the pipelines whose first processor takes something. */

import type { ReactNode } from "react";
import type { Pipeline } from "../../../api/types";
import { text } from "../../../text";
import { UserText } from "../../../ui/UserText";

interface PipelineChoiceProps {
  pipelines: readonly Pipeline[];
  chosen: Pipeline | null;
  choose: (id: string) => void;
}

export function PipelineChoice({ pipelines, chosen, choose }: PipelineChoiceProps): ReactNode {
  if (pipelines.length === 0) return null;
  return (
    <fieldset className="choice scrolling">
      <legend>{text.pipelines.ofPipelines}</legend>
      {pipelines.map(({ id, name, stages }) => (
        <label key={id}>
          <input type="radio" name="processor" value={id} checked={id === chosen?.id} onChange={() => choose(id)} />
          <span>
            <UserText>{name}</UserText> <span className="quiet">{text.pipelines.stages(stages.length)}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
