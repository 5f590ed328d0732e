/** One version of a note: as it was, or word by word against now; its name, and the way back to it. */

import { useQuery } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";
import { Button, Input, Label, TextField } from "react-aria-components";
import { madeInWords, whichOf } from "../model/history";
import { type Difference, type Revision, textOf } from "../model/nouns";
import { inWords } from "../model/problem";
import { useStudio } from "./context";
import { CarryOff } from "./SaveMark";

interface VersionProps {
  blobId: string;
  shown: Revision;
  now: Revision;
  close: () => void;
}

export function Version({ blobId, shown, now, close }: VersionProps): ReactNode {
  const { deeds } = useStudio();
  const [compares, compare] = useState(shown !== now);
  const [busy, setBusy] = useState(false);
  const text = textOf(shown);
  const restore = async () => {
    setBusy(true);
    if (await deeds.restoreRevision(blobId, whichOf(shown))) close();
    setBusy(false);
  };
  return (
    <section className="history-shown" aria-label="The version">
      <header>
        <p>
          {madeInWords(shown)} <time dateTime={shown.created_at}>{new Date(shown.created_at).toLocaleString()}</time>
          {shown === now && ", as it is now"}
        </p>
        {shown.conflict && (
          <p className="bar-note">
            This save came too late: somebody had changed the note meanwhile. It was kept beside its versions.
          </p>
        )}
      </header>
      {shown !== now && (
        <div className="row">
          <Button className="button" aria-pressed={compares} onPress={() => compare(true)}>
            Compared with now
          </Button>
          <Button className="button" aria-pressed={!compares} onPress={() => compare(false)}>
            As it was
          </Button>
        </div>
      )}
      <div className="version prose">
        {compares ? <Compared blobId={blobId} shown={shown} now={now} /> : text || <em>Empty</em>}
      </div>
      <div className="row">
        {shown !== now && (
          <Button className="button primary" isPending={busy} onPress={() => void restore()}>
            Restore this version
          </Button>
        )}
        <CarryOff text={text} />
      </div>
      {!shown.conflict && <NameOf blobId={blobId} shown={shown} />}
    </section>
  );
}

function Compared({ blobId, shown, now }: Pick<VersionProps, "blobId" | "shown" | "now">): ReactNode {
  const { data, error } = useQuery(useStudio().reads.diff(blobId, whichOf(shown), now.number));
  if (error) return <p className="wrong">They could not be compared. {inWords(error)}</p>;
  if (!data) return null;
  if (data.differences.length === 0) return <p className="quiet">Word for word as it is now.</p>;
  return data.differences.map((difference) => <Differing difference={difference} key={difference.path} />);
}

function Differing({ difference }: { difference: Difference }): ReactNode {
  const { path, pieces, before, after } = difference;
  const field = path === "/content" ? null : <h4>{path.slice(1)}</h4>;
  const parts = pieces ?? [
    { kind: "removed" as const, text: before === undefined ? "" : JSON.stringify(before) },
    { kind: "added" as const, text: after === undefined ? "" : JSON.stringify(after) },
  ];
  return (
    <div>
      {field}
      {parts.map(({ kind, text }, at) => {
        // biome-ignore lint/suspicious/noArrayIndexKey: a comparison is never reordered
        if (kind === "same") return <span key={at}>{text}</span>;
        // biome-ignore lint/suspicious/noArrayIndexKey: a comparison is never reordered
        return kind === "removed" ? <del key={at}>{text}</del> : <ins key={at}>{text}</ins>;
      })}
    </div>
  );
}

function NameOf({ blobId, shown }: { blobId: string; shown: Revision }): ReactNode {
  const { deeds } = useStudio();
  const [name, setName] = useState(shown.name ?? "");
  const [wrong, setWrong] = useState<string | null>(null);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setWrong(null);
    deeds.nameRevision(blobId, shown.number, name.trim() || null).catch((error: unknown) => setWrong(inWords(error)));
  };
  return (
    <form className="naming" onSubmit={submit}>
      <TextField className="field" value={name} onChange={setName} maxLength={200}>
        <Label>Name of this version</Label>
        <Input placeholder="First draft" />
      </TextField>
      <Button type="submit" className="button" isDisabled={name.trim() === (shown.name ?? "")}>
        {name.trim() || shown.name === null ? "Name it" : "Take the name away"}
      </Button>
      {wrong && (
        <p className="wrong" role="alert">
          {wrong}
        </p>
      )}
    </form>
  );
}
