/** The dialog that switches a processor on: where, and with which settings. */

import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { Button, Form } from "react-aria-components";
import type { Processor } from "../../../api/types";
import { useForest, useStudio } from "../../../studio/context";
import { text } from "../../../text";
import { DialogTitle } from "../../../ui/DialogTitle";
import { Message } from "../../../ui/Message";
import { UserPath, UserText } from "../../../ui/UserText";
import { FormButtons } from "../../library/dialogs/BucketForm";
import { BucketPicker } from "../../library/dialogs/BucketPicker";
import { pathTo } from "../../library/forest";
import { SettingsSection } from "../settings/SettingsSection";
import { useSettingsForm } from "../settings/useSettingsForm";

interface SwitchOnDialogProps {
  processor: Processor;
  close: () => void;
}

type Scope = "everywhere" | "bucket";

export function SwitchOnDialog({ processor, close }: SwitchOnDialogProps): ReactNode {
  const { instances, notices } = useStudio();
  const taken = useTakenPlaces(processor.id);
  const [scope, setScope] = useState<Scope | null>(null);
  const [bucketId, setBucketId] = useState<string | null>(null);
  const chosen = scope ?? (taken.has(null) ? "bucket" : "everywhere");
  const form = useSettingsForm(processor, {}, text.registry.switchOnFailed, async (settings) => {
    if (chosen === "bucket" && bucketId === null) throw new Error(text.registry.bucketMissing);
    await instances.create({
      processorId: processor.id,
      bucketId: chosen === "bucket" ? bucketId : null,
      settings,
    });
    notices.notify(text.registry.switchedOn(processor.name));
    close();
  });
  return (
    <Form onSubmit={form.onSubmit} validationBehavior="aria">
      <DialogTitle>
        <Message text={text.registry.switchOnTitle} values={{ name: <UserText>{processor.name}</UserText> }} />
      </DialogTitle>
      <ScopeChoice scope={chosen} setScope={setScope} isEverywhereTaken={taken.has(null)} />
      {chosen === "bucket" && <BucketChoice bucketId={bucketId} choose={setBucketId} taken={taken} />}
      <SettingsSection processor={processor} form={form.fields} />
      {form.error}
      <FormButtons submitLabel={text.registry.switchOnNow} isBusy={form.isBusy} close={close} />
    </Form>
  );
}

/** The buckets where the processor has an instance already; null stands for everywhere. */
function useTakenPlaces(processorId: string): ReadonlySet<string | null> {
  const { data = [] } = useQuery(useStudio().queries.instances);
  return new Set(data.filter(({ processor_id }) => processor_id === processorId).map(({ bucket_id }) => bucket_id));
}

interface ScopeChoiceProps {
  scope: Scope;
  setScope: (scope: Scope) => void;
  isEverywhereTaken: boolean;
}

function ScopeChoice({ scope, setScope, isEverywhereTaken }: ScopeChoiceProps): ReactNode {
  const choices = [
    ["everywhere", text.registry.scopeEverywhere, isEverywhereTaken],
    ["bucket", text.registry.scopeBucket, false],
  ] as const;
  return (
    <fieldset className="choice">
      <legend>{text.registry.scope}</legend>
      {choices.map(([value, name, isTaken]) => (
        <label key={value}>
          <input
            type="radio"
            name="scope"
            value={value}
            checked={scope === value}
            disabled={isTaken}
            onChange={() => setScope(value)}
          />
          <span>
            {name}
            {isTaken && <span className="quiet">{text.registry.takenAlready}</span>}
          </span>
        </label>
      ))}
    </fieldset>
  );
}

interface BucketChoiceProps {
  bucketId: string | null;
  choose: (bucketId: string | null) => void;
  taken?: ReadonlySet<string | null>;
}

/** A bucket to choose, or the one that was chosen. */
export function BucketChoice({ bucketId, choose, taken = new Set() }: BucketChoiceProps): ReactNode {
  const path = pathTo(useForest(), bucketId);
  if (path.length === 0) {
    return <BucketPicker label={text.registry.chooseBucket} allows={({ id }) => !taken.has(id)} onPick={choose} />;
  }
  return (
    <p className="chosen">
      <span>
        <Message text={text.registry.scopeChosen} values={{ path: <UserPath path={path} /> }} />
      </span>
      <Button className="link" onPress={() => choose(null)} autoFocus>
        {text.registry.chooseAnother}
      </Button>
    </p>
  );
}
