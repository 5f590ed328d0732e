/** The form that names a version, or takes its name away. */

import { type FormEvent, type ReactNode, useState } from "react";
import { Button, Input, Label, TextField } from "react-aria-components";
import { errorMessage } from "../../api/errors";
import type { Revision } from "../../api/types";
import { useStudio } from "../../studio/context";
import { text } from "../../text";

export function RevisionNameForm({ blobId, revision }: { blobId: string; revision: Revision }): ReactNode {
  const { revisions } = useStudio();
  const [name, setName] = useState(revision.name ?? "");
  const [error, setError] = useState<string | null>(null);
  const isRemoving = !name.trim() && revision.name !== null;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setError(null);
    revisions
      .rename(blobId, revision.number, name.trim() || null)
      .catch((reason: unknown) => setError(errorMessage(reason)));
  };
  return (
    <form className="naming" onSubmit={submit}>
      <TextField className="field" value={name} onChange={setName}>
        <Label>{text.notes.versionName}</Label>
        <Input dir="auto" placeholder={text.notes.versionNamePlaceholder} />
      </TextField>
      <Button type="submit" className="button" isDisabled={name.trim() === (revision.name ?? "")}>
        {isRemoving ? text.notes.removeName : text.notes.nameIt}
      </Button>
      {error && (
        <p className="wrong" role="alert">
          {error}
        </p>
      )}
    </form>
  );
}
