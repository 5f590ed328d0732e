/** The choice among the processors that take something. */

import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { Processor } from "../../../api/types";
import { useStudio } from "../../../studio/context";
import { text } from "../../../text";
import { describeSchema } from "../../../text/processing/registry";
import { Icon } from "../../../ui/Icon";
import { UserText } from "../../../ui/UserText";

interface ProcessorChoiceProps {
  processors: readonly Processor[];
  /** Null while a pipeline is chosen. */
  chosen: Processor | null;
  choose: (id: string) => void;
}

export function ProcessorChoice({ processors, chosen, choose }: ProcessorChoiceProps): ReactNode {
  const query = useStudio().queries.health(chosen?.id ?? "");
  const { data: health } = useQuery({ ...query, enabled: chosen !== null });
  return (
    <>
      <fieldset className="choice scrolling">
        <legend>{text.runs.processor}</legend>
        {processors.map(({ id, name, input_schemas }) => (
          <label key={id}>
            <input type="radio" name="processor" value={id} checked={id === chosen?.id} onChange={() => choose(id)} />
            <span>
              <UserText>{name}</UserText>{" "}
              <span className="quiet">{text.runs.takes(input_schemas.map(describeSchema).join(", "))}</span>
            </span>
          </label>
        ))}
      </fieldset>
      {chosen && health?.live_workers === 0 && (
        <p className="health none">
          <Icon name="alert" /> {text.runs.noWorker}
        </p>
      )}
    </>
  );
}
