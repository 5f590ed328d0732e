/** A form that says why it was refused, and stays open until it is not. */

import { type FormEvent, type ReactNode, useState } from "react";
import { errorMessage } from "../api/errors";
import { QuotedText } from "./UserText";

interface FormState {
  onSubmit: (event: FormEvent<HTMLFormElement>) => void;
  isBusy: boolean;
  /** Makes the form ready for another submission; one that closes behind its submission needs none. */
  finish: () => void;
  /** The message of the refusal, if there was one. */
  error: ReactNode;
}

/** `submit` reads fields by their names; what it raises is shown behind `failure`. */
export function useForm(failure: string, submit: (field: (name: string) => string) => Promise<void>): FormState {
  const [message, setMessage] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const onSubmit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    setMessage(null);
    submit((name) => String(form.get(name) ?? "")).catch((error: unknown) => {
      setMessage([failure, errorMessage(error)].filter(Boolean).join(" "));
      setBusy(false);
    });
  };
  const error = message && (
    <p className="wrong" role="alert">
      <QuotedText text={message} />
    </p>
  );
  return { onSubmit, isBusy, error, finish: () => setBusy(false) };
}
