/** A form that sends settings, or other data of a schema, and shows what is refused at the field that it is about. */

import { type FormEvent, type ReactNode, useState } from "react";
import { errorMessage, Problem } from "../../../api/errors";
import type { JsonObject, Processor } from "../../../api/types";
import { QuotedText } from "../../../ui/UserText";
import { placeErrors } from "./formValues";
import { type SchemaFormState, useSchemaForm } from "./useSchemaForm";

const NO_SETTINGS = { properties: {} };

interface SettingsForm {
  readonly fields: SchemaFormState;
  readonly isBusy: boolean;
  /** The message of a refusal that is about no field. */
  readonly error: ReactNode;
  onSubmit(event: FormEvent<HTMLFormElement>): void;
}

/** `send` gets the settings; what it raises is shown behind `failure`. */
export function useSettingsForm(
  { settings_schema }: Pick<Processor, "settings_schema">,
  settings: JsonObject,
  failure: string,
  send: (settings: JsonObject) => Promise<void>,
): SettingsForm {
  const fields = useSchemaForm({ schema: settings_schema ?? NO_SETTINGS, data: settings });
  const submission = useSubmission(fields, { prefix: "/settings", failure });
  return { ...submission, fields, onSubmit: (event) => submission.submit(event, settings_schema ? null : {}, send) };
}

interface SubmissionOptions {
  /** The place of the data in the request, by which the server names errors. */
  prefix: string;
  failure: string;
}

interface Submission {
  readonly isBusy: boolean;
  readonly error: ReactNode;
  /** Sends `fixed`, or what is written in the form when it is null. */
  submit(event: FormEvent, fixed: JsonObject | null, send: (data: JsonObject) => Promise<void>): void;
}

export function useSubmission(form: SchemaFormState, { prefix, failure }: SubmissionOptions): Submission {
  const [message, setMessage] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const handleError = (error: unknown) => {
    setBusy(false);
    const placed = error instanceof Problem ? placeErrors(form.fields, prefix, error.errors) : {};
    const { "": unplaced, ...atFields } = placed;
    form.setErrors(atFields);
    if (unplaced !== undefined || Object.keys(atFields).length === 0) setMessage(`${failure} ${errorMessage(error)}`);
  };
  return {
    isBusy,
    error: message && (
      <p className="wrong" role="alert">
        <QuotedText text={message} />
      </p>
    ),
    submit(event, fixed, send) {
      event.preventDefault();
      setMessage(null);
      const data = fixed ?? form.read();
      if (data === null) return;
      setBusy(true);
      send(data).then(() => setBusy(false), handleError);
    },
  };
}
