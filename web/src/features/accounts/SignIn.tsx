/** The form that signs in, or creates an account. */

import { type ReactNode, useEffect, useState } from "react";
import { Button, FieldError, Form, Input, Label, TextField } from "react-aria-components";
import { useStudio } from "../../studio/context";
import { text } from "../../text";
import { Icon } from "../../ui/Icon";
import { useForm } from "../../ui/useForm";

type Mode = "signIn" | "register";

interface SignInProps {
  reason: string | null;
  /** Another user is signed in in this browser: one can go on as them. */
  isAnother: boolean;
  invitation: string | null;
}

export function SignIn({ reason, isAnother, invitation }: SignInProps): ReactNode {
  const studio = useStudio();
  const [mode, setMode] = useState<Mode>(invitation === null ? "signIn" : "register");
  const isRegistrationOpen = useIsRegistrationOpen();
  const isRegistering = mode === "register";
  const words = text.accounts[mode];
  return (
    <main className="sign-in">
      <div className="sign-in-card">
        <p className="brand">
          <Icon name="book" /> {text.general.productName}
        </p>
        <h1>{words.title}</h1>
        {reason && mode === "signIn" && <p role="status">{reason}</p>}
        {isAnother && (
          <p>
            <Button className="link" onPress={() => studio.continueAsSignedIn()}>
              {text.accounts.continueAsSignedIn}
            </Button>
          </p>
        )}
        <AccountForm mode={mode} invitation={invitation} key={mode} />
        {(isRegistering || isRegistrationOpen || invitation !== null) && (
          <p className="quiet">
            {words.question}{" "}
            <Button className="link" onPress={() => setMode(isRegistering ? "signIn" : "register")}>
              {words.switch}
            </Button>
          </p>
        )}
      </div>
    </main>
  );
}

function AccountForm({ mode, invitation }: { mode: Mode; invitation: string | null }): ReactNode {
  const studio = useStudio();
  const isRegistering = mode === "register";
  const form = useForm("", async (field) => {
    const [email, password] = [field("email"), field("password")];
    const { user } = isRegistering
      ? await studio.api.register({ email, password, name: field("name"), invitation })
      : await studio.api.logIn(email, password);
    await studio.startSession(user);
  });
  return (
    <Form onSubmit={form.onSubmit}>
      {isRegistering && <Field name="name" label={text.accounts.name} autoComplete="name" />}
      <Field name="email" label={text.accounts.email} type="email" autoComplete="email" />
      <Field
        name="password"
        label={text.accounts.password}
        type="password"
        autoComplete={isRegistering ? "new-password" : "current-password"}
      />
      {form.error}
      <Button type="submit" className="button primary" isPending={form.isBusy}>
        {text.accounts[mode].submit}
      </Button>
    </Form>
  );
}

/** Returns whether everybody may create an account here; while that is not known, they may try. */
function useIsRegistrationOpen(): boolean {
  const { api } = useStudio();
  const [isOpen, setOpen] = useState(true);
  useEffect(() => {
    api.getRegistrationPolicy().then(
      ({ registration }) => setOpen(registration === "open"),
      () => undefined,
    );
  }, [api]);
  return isOpen;
}

interface FieldProps {
  name: string;
  label: string;
  type?: string;
  autoComplete: string;
}

function Field({ name, label, type = "text", autoComplete }: FieldProps): ReactNode {
  return (
    <TextField name={name} type={type} isRequired autoComplete={autoComplete} className="field">
      <Label>{label}</Label>
      <Input dir="auto" />
      <FieldError />
    </TextField>
  );
}
