/** The form of a book: its purpose, its files, what stands on its title page, and which texts it takes. */

import { type ReactNode, useState } from "react";
import { Button, Form, Input, Label, Text, TextField } from "react-aria-components";
import { useStudio } from "../../studio/context";
import { text } from "../../text";
import { SelectField } from "../../ui/SelectField";
import { useForm } from "../../ui/useForm";
import { COMPILER } from "./compiledBook";
import {
  type CompileChoices,
  DEFAULT_TRIM,
  DEFAULT_VERSION,
  FORMATS,
  PRESETS,
  settingsOf,
  toggleFormat,
  withPreset,
} from "./compileSettings";

const FIRST_CHOICES = withPreset(
  {
    preset: "manuscript",
    formats: new Set(),
    title: "",
    author: "",
    version: DEFAULT_VERSION,
    trim: DEFAULT_TRIM,
  },
  "manuscript",
);

interface FormPartProps {
  choices: CompileChoices;
  change: (choices: CompileChoices) => void;
}

export function CompileForm({ bucketId, name }: { bucketId: string; name: string }): ReactNode {
  const { runActions } = useStudio();
  const [choices, change] = useState(FIRST_CHOICES);
  const form = useForm(text.books.failed, async () => {
    if (choices.formats.size === 0) throw new Error(text.books.noFormat);
    const request = { processorId: COMPILER, settings: settingsOf(choices), source: { bucketId } };
    await runActions.request(request);
    form.finish();
  });
  return (
    <Form onSubmit={form.onSubmit} validationBehavior="aria" className="compile-form">
      <PresetChoice choices={choices} change={change} />
      <FormatChoice choices={choices} change={change} />
      <div className="compile-fields">
        <TextField className="field" value={choices.title} onChange={(title) => change({ ...choices, title })}>
          <Label>{text.books.bookTitle}</Label>
          <Input dir="auto" placeholder={name} maxLength={500} />
        </TextField>
        <TextField className="field" value={choices.author} onChange={(author) => change({ ...choices, author })}>
          <Label>{text.books.author}</Label>
          <Input dir="auto" maxLength={500} />
          <Text slot="description" className="quiet">
            {text.books.asInBucket}
          </Text>
        </TextField>
        <SelectField
          label={text.books.version}
          value={choices.version}
          onChange={(version) => change({ ...choices, version })}
          options={optionsOf(text.books.versions)}
        />
        {choices.formats.has("print-pdf") && (
          <SelectField
            label={text.books.trim}
            value={choices.trim}
            onChange={(trim) => change({ ...choices, trim })}
            options={optionsOf(text.books.trims)}
          />
        )}
      </div>
      {form.error}
      <Button type="submit" className="button primary" isPending={form.isBusy}>
        {text.books.make}
      </Button>
    </Form>
  );
}

function PresetChoice({ choices, change }: FormPartProps): ReactNode {
  return (
    <fieldset className="choice">
      <legend>{text.books.purpose}</legend>
      {PRESETS.map((preset) => (
        <label key={preset}>
          <input
            type="radio"
            name="preset"
            value={preset}
            checked={choices.preset === preset}
            onChange={() => change(withPreset(choices, preset))}
          />
          <span>
            {text.books.presets[preset].name} <span className="quiet">{text.books.presets[preset].about}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}

function FormatChoice({ choices, change }: FormPartProps): ReactNode {
  return (
    <fieldset className="choice formats">
      <legend>{text.books.formats}</legend>
      {FORMATS.map((format) => (
        <label key={format}>
          <input
            type="checkbox"
            name="format"
            value={format}
            checked={choices.formats.has(format)}
            onChange={() => change(toggleFormat(choices, format))}
          />
          <span>{text.books.formatNames[format]}</span>
        </label>
      ))}
    </fieldset>
  );
}

function optionsOf(names: Readonly<Record<string, string>>): { value: string; name: string }[] {
  return Object.entries(names).map(([value, name]) => ({ value, name }));
}
