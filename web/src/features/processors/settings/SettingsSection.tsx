/** The settings of a processor in a form. */

import type { ReactNode } from "react";
import type { Processor } from "../../../api/types";
import { text } from "../../../text";
import { SchemaFields } from "./SchemaFields";
import type { SchemaFormState } from "./useSchemaForm";

interface SettingsSectionProps {
  processor: Processor;
  form: SchemaFormState;
  /** The path of a field that is not asked for, since its value follows from elsewhere. */
  hidden?: string | undefined;
}

export function SettingsSection({ processor, form, hidden }: SettingsSectionProps): ReactNode {
  const fields = form.fields.filter(({ path }) => path !== hidden);
  if (!processor.settings_schema || fields.length === 0) return <p className="quiet">{text.settings.none}</p>;
  return (
    <fieldset className="settings">
      <legend>{text.settings.title}</legend>
      <p className="quiet">{text.settings.unchanged}</p>
      <SchemaFields form={{ ...form, fields }} />
    </fieldset>
  );
}
