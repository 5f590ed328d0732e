/** The settings of a processor in a form. */

import type { ReactNode } from "react";
import type { Processor } from "../../../api/types";
import { text } from "../../../text";
import { SchemaFields } from "./SchemaFields";
import type { SchemaFormState } from "./useSchemaForm";

export function SettingsSection({ processor, form }: { processor: Processor; form: SchemaFormState }): ReactNode {
  if (!processor.settings_schema || form.fields.length === 0) return <p className="quiet">{text.settings.none}</p>;
  return (
    <fieldset className="settings">
      <legend>{text.settings.title}</legend>
      <p className="quiet">{text.settings.unchanged}</p>
      <SchemaFields form={form} />
    </fieldset>
  );
}
