/** Where a processor is switched on or off, each place with its switch and its settings. */

import type { ReactNode } from "react";
import { Button, Switch } from "react-aria-components";
import type { Instance, Processor } from "../../../api/types";
import { useForest, useStudio } from "../../../studio/context";
import { useOpenDialog } from "../../../studio/dialogs";
import { linkTo } from "../../../studio/route";
import { text } from "../../../text";
import { Icon } from "../../../ui/Icon";
import { UserPath } from "../../../ui/UserText";
import { type Forest, pathTo } from "../../library/forest";

interface InstanceListProps {
  processor: Processor;
  instances: readonly Instance[];
}

export function InstanceList({ processor, instances }: InstanceListProps): ReactNode {
  if (instances.length === 0) return null;
  return (
    <ul className="instances" aria-label={text.registry.placesOf(processor.name)}>
      {instances.map((instance) => (
        <InstanceRow processor={processor} instance={instance} key={instance.id} />
      ))}
    </ul>
  );
}

function InstanceRow({ processor, instance }: { processor: Processor; instance: Instance }): ReactNode {
  const { instances } = useStudio();
  const openDialog = useOpenDialog();
  const { id: processorId, name, settings_schema } = processor;
  const { bucket_id: bucketId, enabled, settings = {} } = instance;
  const place = placeName(useForest(), bucketId);
  const settingCount = Object.keys(settings).length;
  return (
    <li>
      <Switch
        className="switch"
        aria-label={text.registry.toggle(name, place)}
        isSelected={enabled}
        onChange={(on) => void instances.setEnabled({ processorId, bucketId, enabled: on, present: instance })}
      >
        <span className="switch-track" aria-hidden="true" />
      </Switch>
      <PlaceLink bucketId={bucketId} />
      {settingCount > 0 && <span className="quiet">{text.registry.ownSettings(settingCount)}</span>}
      <span className="spacer" />
      {settings_schema && (
        <Button
          className="link"
          aria-label={text.registry.settingsIn(name, place)}
          onPress={() => openDialog({ kind: "instance-settings", processor, instance })}
        >
          {text.registry.settings}
        </Button>
      )}
      <Button
        className="icon-button"
        aria-label={text.registry.forget(name, place)}
        onPress={() => void instances.remove(instance, name)}
      >
        <Icon name="trash" />
      </Button>
    </li>
  );
}

/** The bucket's path as a link; a word for everywhere, and for a bucket that is not there. */
export function PlaceLink({ bucketId }: { bucketId: string | null }): ReactNode {
  const path = pathTo(useForest(), bucketId);
  if (bucketId === null) return <span>{text.registry.everywhere}</span>;
  if (path.length === 0) return <span className="quiet">{text.registry.goneBucket}</span>;
  return (
    <a href={linkTo(bucketId)}>
      <UserPath path={path} />
    </a>
  );
}

function placeName(forest: Forest, bucketId: string | null): string {
  if (bucketId === null) return text.registry.everywhere;
  const path = pathTo(forest, bucketId).map(({ name }) => name);
  return path.join(text.general.pathSeparator) || text.registry.goneBucket;
}
