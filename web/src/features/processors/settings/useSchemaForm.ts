/** The state of a form that is made from a schema. */

import { useMemo, useState } from "react";
import type { JsonObject } from "../../../api/types";
import { text } from "../../../text";
import { buildData, type FormErrors, type FormValues, readFormValues } from "./formValues";
import { fieldsOfSchema, isClosed, type SchemaField } from "./schemaFields";

export interface SchemaFormState {
  readonly fields: readonly SchemaField[];
  readonly values: FormValues;
  readonly errors: FormErrors;
  /** The errors of the last attempt to send, whatever was changed since. */
  readonly submissionErrors: FormErrors;
  setValue(path: string, value: string | boolean): void;
  setErrors(errors: FormErrors): void;
  /** Returns the data; null when something in the form is wrong, which is then said there. */
  read(): JsonObject | null;
}

interface SchemaFormOptions {
  schema: unknown;
  data: unknown;
  keepDefaults?: boolean;
}

export function useSchemaForm({ schema, data, keepDefaults = false }: SchemaFormOptions): SchemaFormState {
  const fields = useMemo(() => fieldsOfSchema(schema, text.settings.all), [schema]);
  const [values, setValues] = useState<FormValues>(() => readFormValues(fields, data));
  const [errors, setErrors] = useState<FormErrors>({});
  const [submissionErrors, setSubmissionErrors] = useState<FormErrors>({});
  const showErrors = (next: FormErrors) => {
    setErrors(next);
    setSubmissionErrors(next);
  };
  return {
    fields,
    values,
    errors,
    submissionErrors,
    setErrors: showErrors,
    setValue(path, value) {
      setValues((now) => ({ ...now, [path]: value }));
      setErrors(({ [path]: _, ...others }) => others);
    },
    read() {
      const result = buildData(fields, values, { before: isClosed(schema) ? {} : data, keepDefaults });
      showErrors(result.errors);
      return Object.keys(result.errors).length === 0 ? (result.data as JsonObject) : null;
    },
  };
}
