/** The choices of one template: a name, its parameters, and what it makes with them. */

import { type ReactNode, useState } from "react";
import { Button, Form, Input, Label, NumberField, Text, TextField } from "react-aria-components";
import type { Template, TemplateParameter } from "../../api/types";
import { useStudio } from "../../studio/context";
import { expandBuckets } from "../../studio/preferences";
import { text } from "../../text";
import { DialogTitle } from "../../ui/DialogTitle";
import { Icon } from "../../ui/Icon";
import { UserText } from "../../ui/UserText";
import { useForm } from "../../ui/useForm";
import { FormButtons, NameField } from "../library/dialogs/BucketForm";
import { PreviewTree } from "./PreviewTree";

type Values = Readonly<Record<string, number | string>>;

interface TemplateFormProps {
  template: Template;
  parentId: string | null;
  back: () => void;
  close: () => void;
}

export function TemplateForm({ template, parentId, back, close }: TemplateFormProps): ReactNode {
  const { templateActions, expanded } = useStudio();
  const parameters = template.parameters ?? [];
  const [values, setValues] = useState<Values>(() =>
    Object.fromEntries(parameters.map((parameter) => [parameter.name, parameter.default])),
  );
  const form = useForm(text.templates.createFailed, async (field) => {
    const bucket = await templateActions.use(template, {
      name: field("name").trim(),
      parentId,
      parameters: { ...values },
    });
    expandBuckets(expanded, parentId === null ? [bucket.id] : [parentId, bucket.id]);
    close();
  });
  const change = (name: string, value: number | string) => setValues((before) => ({ ...before, [name]: value }));
  return (
    <Form onSubmit={form.onSubmit}>
      <DialogTitle>
        <UserText>{template.name}</UserText>
      </DialogTitle>
      {template.description && (
        <p className="quiet">
          <UserText>{template.description}</UserText>
        </p>
      )}
      <TemplateChoices template={template} values={values} change={change} back={back} />
      {form.error}
      <div className="row template-foot">
        <Button className="button" onPress={back}>
          <Icon name="left" /> {text.templates.back}
        </Button>
        <FormButtons submitLabel={text.templates.create} isBusy={form.isBusy} close={close} />
      </div>
    </Form>
  );
}

interface TemplateChoicesProps {
  template: Template;
  values: Values;
  change: (name: string, value: number | string) => void;
  back: () => void;
}

function TemplateChoices({ template, values, change, back }: TemplateChoicesProps): ReactNode {
  return (
    <div className="template-choices">
      <div className="template-fields">
        <NameField defaultName={template.name} />
        {(template.parameters ?? []).map((parameter) => (
          <ParameterField
            key={parameter.name}
            parameter={parameter}
            value={values[parameter.name] ?? ""}
            onChange={(value) => change(parameter.name, value)}
          />
        ))}
        <OwnTemplate template={template} back={back} />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, also by keyboard */}
      <section className="template-preview" aria-label={text.templates.preview} tabIndex={0}>
        <PreviewTree root={template.preview} values={values} />
      </section>
    </div>
  );
}

interface ParameterFieldProps {
  parameter: TemplateParameter;
  value: number | string;
  onChange: (value: number | string) => void;
}

function ParameterField({ parameter, value, onChange }: ParameterFieldProps): ReactNode {
  const about = parameter.description ? (
    <Text slot="description" className="quiet">
      <UserText>{parameter.description}</UserText>
    </Text>
  ) : null;
  if (parameter.kind === "text") {
    return (
      <TextField className="field" value={String(value)} onChange={onChange} isRequired maxLength={200}>
        <Label>
          <UserText>{parameter.label}</UserText>
        </Label>
        <Input dir="auto" />
        {about}
      </TextField>
    );
  }
  const { minimum = 1, maximum } = parameter;
  return (
    <NumberField
      className="field"
      value={Number(value)}
      // An emptied field is no number: what stood there before is chosen again.
      onChange={(number) => onChange(Number.isNaN(number) ? parameter.default : number)}
      minValue={minimum}
      maxValue={maximum}
      isRequired
    >
      <Label>
        <UserText>{parameter.label}</UserText> <span className="quiet">{text.templates.bounds(minimum, maximum)}</span>
      </Label>
      <Input dir="auto" />
      {about}
    </NumberField>
  );
}

/** What can be done with a template but for using it. */
function OwnTemplate({ template, back }: { template: Template; back: () => void }): ReactNode {
  const { templateActions } = useStudio();
  const remove = () => {
    back();
    void templateActions.remove(template);
  };
  return (
    <p className="row">
      <a className="link" href={`/api/templates/${template.id}/file`} download>
        {text.templates.export}
      </a>
      {template.origin === "own" && (
        <Button className="link danger" onPress={remove}>
          {text.templates.remove}
        </Button>
      )}
    </p>
  );
}
