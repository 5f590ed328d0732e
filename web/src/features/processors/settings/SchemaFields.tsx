/** The fields of a form that is made from a schema. */

import { type ReactNode, useEffect, useRef, useState } from "react";
import { FieldError, Input, Label, Switch, Text, TextArea, TextField } from "react-aria-components";
import { text } from "../../../text";
import { SelectField } from "../../../ui/SelectField";
import { QuotedText } from "../../../ui/UserText";
import { describeField } from "./fieldText";
import type { SchemaField } from "./schemaFields";
import type { SchemaFormState } from "./useSchemaForm";

const MIN_LONG_TEXT = 1_000; // characters; what may be longer is a text rather than a word
const MAX_ONE_LINE = 80; // characters; a longer text is written in several lines

export function SchemaFields({ form }: { form: SchemaFormState }): ReactNode {
  const element = useRef<HTMLDivElement>(null);
  const { submissionErrors } = form;
  useEffect(() => {
    if (Object.keys(submissionErrors).length > 0) {
      element.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
    }
  }, [submissionErrors]);
  const whole = form.fields[0]?.path === "" ? undefined : form.errors[""];
  return (
    <div className="schema-fields" ref={element}>
      {form.fields.map((field) => (
        <FieldOrGroup field={field} form={form} key={field.path} />
      ))}
      {whole && (
        <p className="wrong" role="alert">
          <QuotedText text={whole} />
        </p>
      )}
    </div>
  );
}

interface FieldProps {
  field: SchemaField;
  form: SchemaFormState;
}

function FieldOrGroup({ field, form }: FieldProps): ReactNode {
  if (field.shape.kind !== "group") return <ValueField field={field} form={form} />;
  return (
    <fieldset className="group">
      <legend>{field.label}</legend>
      {field.description && <p className="quiet">{field.description}</p>}
      {field.shape.fields.map((inner) => (
        <ValueField field={inner} form={form} key={inner.path} />
      ))}
    </fieldset>
  );
}

function ValueField(props: FieldProps): ReactNode {
  switch (props.field.shape.kind) {
    case "switch":
      return <SwitchField {...props} />;
    case "choice":
      return <ChoiceField {...props} options={props.field.shape.options.map(String)} />;
    default:
      return <TextValueField {...props} />;
  }
}

function SwitchField({ field, form }: FieldProps): ReactNode {
  return (
    <div className="field">
      <Switch
        className="switch"
        isSelected={form.values[field.path] === true}
        onChange={(isOn) => form.setValue(field.path, isOn)}
      >
        <span className="switch-track" aria-hidden="true" />
        <span>{field.label}</span>
      </Switch>
      {field.description && <p className="quiet">{field.description}</p>}
      {form.errors[field.path] && <p className="wrong">{form.errors[field.path]}</p>}
    </div>
  );
}

function ChoiceField({ field, form, options }: FieldProps & { options: readonly string[] }): ReactNode {
  const isOpen = !field.isRequired && field.defaultValue === undefined;
  const offered = options.map((option) => ({ value: option, name: option }));
  return (
    <SelectField
      label={field.label}
      value={String(form.values[field.path] ?? "")}
      onChange={(value) => form.setValue(field.path, value)}
      options={isOpen ? [{ value: "", name: text.settings.noChoice }, ...offered] : offered}
      description={describeField(field)}
      error={form.errors[field.path]}
    />
  );
}

/** A text, a number, a list or JSON. */
function TextValueField({ field, form }: FieldProps): ReactNode {
  const { kind } = field.shape;
  const value = String(form.values[field.path] ?? "");
  const [isLong] = useState(() => isWrittenInLines(field, value));
  const error = form.errors[field.path];
  const description = describeField(field);
  return (
    <TextField
      className="field"
      value={value}
      onChange={(written) => form.setValue(field.path, written)}
      isInvalid={error !== undefined}
      isRequired={field.isRequired}
      validationBehavior="aria"
    >
      <Label>{field.label}</Label>
      {isLong ? (
        <TextArea className={kind === "json" ? "code" : "lines"} dir="auto" spellCheck={kind !== "json"} />
      ) : (
        <Input dir="auto" inputMode={kind === "number" ? "decimal" : "text"} />
      )}
      {description && (
        <Text slot="description" className="quiet">
          {description}
        </Text>
      )}
      <FieldError>{error}</FieldError>
    </TextField>
  );
}

function isWrittenInLines({ shape }: SchemaField, value: string): boolean {
  if (shape.kind === "json" || shape.kind === "list") return true;
  if (shape.kind !== "text") return false;
  return (shape.maxLength ?? 0) > MIN_LONG_TEXT || value.length > MAX_ONE_LINE || value.includes("\n");
}
