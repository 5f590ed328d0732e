/** One processor of a pipeline in the editor: which one, under which condition, and with which settings. */

import { type ReactNode, useEffect } from "react";
import { Button, Input, Label, Text, TextField } from "react-aria-components";
import type { Processor } from "../../../api/types";
import { text } from "../../../text";
import { Icon } from "../../../ui/Icon";
import { SelectField } from "../../../ui/SelectField";
import { SettingsSection } from "../settings/SettingsSection";
import { useSchemaForm } from "../settings/useSchemaForm";
import type { DraftStage, SettingsReader } from "./chain";

const NO_SETTINGS = { properties: {} };

interface StageFieldsProps {
  number: number;
  stage: DraftStage;
  /** The processors that fit here. */
  choices: readonly Processor[];
  /** The chosen one; undefined for one that is gone. */
  processor: Processor | undefined;
  register: (read: SettingsReader) => void;
  change: (stage: DraftStage) => void;
  remove: (() => void) | null;
}

export function StageFields(props: StageFieldsProps): ReactNode {
  const { number, stage, choices, processor, register, change, remove } = props;
  const form = useSchemaForm({ schema: processor?.settings_schema ?? NO_SETTINGS, data: stage.settings });
  useEffect(() => {
    register(() => (processor?.settings_schema ? form.read() : stage.settings));
  });
  const isKnown = choices.some(({ id }) => id === stage.processorId);
  const named = choices.map(({ id, name }) => ({ value: id, name }));
  const options = isKnown
    ? named
    : [{ value: stage.processorId, name: processor?.name ?? stage.processorId }, ...named];
  return (
    <fieldset className="stage-fields">
      <legend>{text.pipelines.stageNumber(number)}</legend>
      <SelectField
        label={text.pipelines.processor}
        value={stage.processorId}
        onChange={(processorId) => change({ ...stage, processorId, settings: {} })}
        options={options}
      />
      <TextField
        className="field"
        value={stage.when}
        onChange={(when) => change({ ...stage, when })}
        aria-label={`${text.pipelines.stageNumber(number)}: ${text.pipelines.when}`}
      >
        <Label>{text.pipelines.when}</Label>
        <Input dir="auto" spellCheck="false" autoComplete="off" />
        <Text slot="description" className="quiet">
          {text.pipelines.whenExample}
        </Text>
      </TextField>
      {processor && <SettingsSection processor={processor} form={form} />}
      {remove && (
        <Button className="link" onPress={remove} aria-label={text.pipelines.removeStage(number)}>
          <Icon name="trash" /> {text.pipelines.removeStage(number)}
        </Button>
      )}
    </fieldset>
  );
}
