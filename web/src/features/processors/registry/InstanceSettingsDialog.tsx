/** The dialog with the settings of a processor in one place. */

import type { ReactNode } from "react";
import { Form } from "react-aria-components";
import type { Instance, Processor } from "../../../api/types";
import { useForest, useStudio } from "../../../studio/context";
import { text } from "../../../text";
import { DialogTitle } from "../../../ui/DialogTitle";
import { Message } from "../../../ui/Message";
import { UserPath, UserText } from "../../../ui/UserText";
import { FormButtons } from "../../library/dialogs/BucketForm";
import { pathTo } from "../../library/forest";
import { SettingsSection } from "../settings/SettingsSection";
import { useSettingsForm } from "../settings/useSettingsForm";

interface InstanceSettingsDialogProps {
  processor: Processor;
  instance: Instance;
  close: () => void;
}

export function InstanceSettingsDialog({ processor, instance, close }: InstanceSettingsDialogProps): ReactNode {
  const { instances } = useStudio();
  const path = pathTo(useForest(), instance.bucket_id);
  const place = instance.bucket_id === null ? text.registry.everywhere : <UserPath path={path} />;
  const form = useSettingsForm(processor, instance.settings ?? {}, text.registry.saveFailed, async (settings) => {
    await instances.changeSettings(instance, settings);
    close();
  });
  return (
    <Form onSubmit={form.onSubmit} validationBehavior="aria">
      <DialogTitle>
        <Message text={text.registry.settingsTitle} values={{ name: <UserText>{processor.name}</UserText> }} />
      </DialogTitle>
      <p className="quiet">
        <Message text={text.registry.settingsWhere} values={{ place }} />
      </p>
      <SettingsSection processor={processor} form={form.fields} />
      {form.error}
      <FormButtons submitLabel={text.registry.save} isBusy={form.isBusy} close={close} />
    </Form>
  );
}
