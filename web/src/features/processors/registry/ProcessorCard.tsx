/** One processor: what it does, how it does, where it is switched on, and what can be done with it. */

import type { ReactNode } from "react";
import { Button } from "react-aria-components";
import type { Instance, Processor } from "../../../api/types";
import { useOpenDialog } from "../../../studio/dialogs";
import { text } from "../../../text";
import { Icon } from "../../../ui/Icon";
import { UserText } from "../../../ui/UserText";
import { InstanceList } from "./InstanceList";
import { ProcessorHealth } from "./ProcessorHealth";
import { describeWhere, factsOf } from "./processorText";

interface ProcessorCardProps {
  processor: Processor;
  /** The user's own of this processor; undefined until they are read. */
  instances: readonly Instance[] | undefined;
}

export function ProcessorCard({ processor, instances }: ProcessorCardProps): ReactNode {
  const titleId = `processor-${processor.id}`;
  const hasPlaces = processor.trigger === "event" || (instances?.length ?? 0) > 0;
  return (
    <li className="card">
      <article aria-labelledby={titleId}>
        <CardHead processor={processor} titleId={titleId} />
        {processor.description && (
          <p className="about" dir="auto">
            {processor.description}
          </p>
        )}
        <dl className="sheet-facts">
          {factsOf(processor).map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>
                <UserText>{value}</UserText>
              </dd>
            </div>
          ))}
          <div>
            <dt>{text.registry.health}</dt>
            <dd>
              <ProcessorHealth processor={processor} />
            </dd>
          </div>
          {hasPlaces && instances && (
            <div>
              <dt>{text.registry.where}</dt>
              <dd>
                {describeWhere(instances)}
                <InstanceList processor={processor} instances={instances} />
              </dd>
            </div>
          )}
        </dl>
      </article>
    </li>
  );
}

function CardHead({ processor, titleId }: { processor: Processor; titleId: string }): ReactNode {
  const openDialog = useOpenDialog();
  const { id, name, version, trigger, scope } = processor;
  const isOwn = scope === "user";
  return (
    <header className="card-head">
      <div>
        <h2 id={titleId} dir="auto">
          {name}
        </h2>
        <p className="quiet">
          <UserText>{text.registry.version(version)}</UserText>
          {isOwn && text.trash.separator + text.registry.yours}
        </p>
      </div>
      <div className="row">
        {trigger === "event" && (
          <Button
            className="button"
            aria-label={text.registry.switchOnName(name)}
            onPress={() => openDialog({ kind: "switch-on", processor })}
          >
            <Icon name="plus" /> {text.registry.switchOn}
          </Button>
        )}
        <Button
          className="button"
          aria-label={text.registry.runName(name)}
          onPress={() => openDialog({ kind: "run", source: { kind: "bucket", bucketId: null }, processorId: id })}
        >
          <Icon name="spark" /> {text.registry.run}
        </Button>
        {isOwn && (
          <Button
            className="icon-button"
            aria-label={text.registry.removeName(name)}
            onPress={() => openDialog({ kind: "remove-processor", processor })}
          >
            <Icon name="trash" />
          </Button>
        )}
      </div>
    </header>
  );
}
