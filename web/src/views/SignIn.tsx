/** The door: sign in, or make an account. */

import { type FormEvent, type ReactNode, useState } from "react";
import { Button, FieldError, Form, Input, Label, TextField } from "react-aria-components";
import { inWords } from "../model/problem";
import { useStudio } from "./context";
import { Icon } from "./icons";

type Way = "in" | "new";

const WORDS: Record<Way, { title: string; act: string; other: string; turn: string }> = {
  in: { title: "Sign in", act: "Sign in", other: "New here?", turn: "Make an account" },
  new: { title: "Make an account", act: "Make the account", other: "Been here before?", turn: "Sign in instead" },
};

export function SignIn({ why }: { why: string | null }): ReactNode {
  const studio = useStudio();
  const [way, setWay] = useState<Way>("in");
  const [wrong, setWrong] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const words = WORDS[way];

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const said = new FormData(event.currentTarget);
    const of = (field: string) => String(said.get(field) ?? "");
    setBusy(true);
    setWrong(null);
    try {
      const { user } =
        way === "in"
          ? await studio.api.login(of("email"), of("password"))
          : await studio.api.register(of("email"), of("password"), of("name"));
      await studio.enter(user);
    } catch (error) {
      setWrong(inWords(error));
      setBusy(false);
    }
  };

  return (
    <main className="door">
      <div className="door-card">
        <p className="brand">
          <Icon of="book" /> ReYNa Studio
        </p>
        <h1>{words.title}</h1>
        {why && <p role="status">{why}</p>}
        <Form onSubmit={(event) => void submit(event)} key={way}>
          {way === "new" && <Field name="name" label="Name" autoComplete="name" />}
          <Field name="email" label="Email" type="email" autoComplete="email" />
          <Field
            name="password"
            label="Password"
            type="password"
            autoComplete={way === "in" ? "current-password" : "new-password"}
          />
          {wrong && (
            <p className="wrong" role="alert">
              {wrong}
            </p>
          )}
          <Button type="submit" className="button primary" isPending={busy}>
            {words.act}
          </Button>
        </Form>
        <p className="quiet">
          {words.other}{" "}
          <Button className="link" onPress={() => setWay(way === "in" ? "new" : "in")}>
            {words.turn}
          </Button>
        </p>
      </div>
    </main>
  );
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
      <Input />
      <FieldError />
    </TextField>
  );
}
