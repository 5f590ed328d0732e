/** The dialogs about buckets: a new one, its name, and where it goes. */

import { type FormEvent, type ReactNode, useState } from "react";
import {
  Button,
  ComboBox,
  Form,
  Input,
  Label,
  ListBox,
  ListBoxItem,
  Popover,
  Text,
  TextField,
} from "react-aria-components";
import { childrenOf, type Forest, pathInWords, wouldContainItself } from "../model/forest";
import { inWords } from "../model/problem";
import { slug, spoken } from "../model/words";
import { BucketPicker } from "./BucketPicker";
import { useForest, useStudio } from "./context";
import { Title } from "./Title";

const TYPES = [
  "book",
  "part",
  "chapter",
  "scene",
  "characters",
  "character",
  "research",
  "topic",
  "journal",
  "album",
  "track",
  "course",
  "pitch",
];
const INSIDE: Record<string, string> = {
  book: "chapter",
  part: "chapter",
  chapter: "scene",
  album: "track",
  characters: "character",
  research: "topic",
  course: "lesson",
  journal: "entry",
};

interface NewBucketProps {
  parent: string | null;
  type: string | undefined;
  close: () => void;
}

export function NewBucket({ parent, type, close }: NewBucketProps): ReactNode {
  const studio = useStudio();
  const forest = useForest();
  const likely = type ?? likelyType(forest, parent);
  const [typed, setTyped] = useState(likely);
  const form = useForm("The bucket could not be made.", async (said) => {
    const bucket = await studio.deeds.createBucket(said("name").trim(), slug(typed), parent);
    if (parent !== null) studio.expanded.set((now) => new Set([...now, parent]));
    studio.where.go(bucket.id);
    close();
  });
  return (
    <Form onSubmit={form.submit}>
      <Title>{parent === null ? "New bucket" : `New bucket in ${forest.byId.get(parent)?.name ?? "…"}`}</Title>
      <TextField
        name="name"
        isRequired
        maxLength={200}
        autoFocus
        defaultValue={likelyName(forest, parent, likely)}
        className="field"
      >
        <Label>Name</Label>
        <Input onFocus={(event) => event.currentTarget.select()} />
      </TextField>
      <ComboBox
        className="field"
        allowsCustomValue
        inputValue={typed}
        onInputChange={setTyped}
        menuTrigger="focus"
        isRequired
      >
        <Label>Type</Label>
        <Input />
        <Text slot="description" className="quiet">
          Anything you like: {TYPES.slice(0, 4).join(", ")}, or a word of your own.
        </Text>
        <Popover className="popover">
          <ListBox className="menu">
            {TYPES.map((one) => (
              <ListBoxItem id={one} key={one} className="menu-item">
                {one}
              </ListBoxItem>
            ))}
          </ListBox>
        </Popover>
      </ComboBox>
      {form.wrong}
      <div className="dialog-foot">
        <Button className="button" onPress={close}>
          Cancel
        </Button>
        <Button type="submit" className="button primary" isPending={form.busy}>
          Create
        </Button>
      </div>
    </Form>
  );
}

export function RenameBucket({ id, close }: { id: string; close: () => void }): ReactNode {
  const studio = useStudio();
  const name = useForest().byId.get(id)?.name ?? "";
  const form = useForm("It could not be renamed.", async (said) => {
    await studio.deeds.rename(id, said("name").trim());
    close();
  });
  return (
    <Form onSubmit={form.submit}>
      <Title>Rename {name}</Title>
      <TextField name="name" isRequired maxLength={200} autoFocus defaultValue={name} className="field">
        <Label>Name</Label>
        <Input onFocus={(event) => event.currentTarget.select()} />
      </TextField>
      {form.wrong}
      <div className="dialog-foot">
        <Button className="button" onPress={close}>
          Cancel
        </Button>
        <Button type="submit" className="button primary" isPending={form.busy}>
          Rename
        </Button>
      </div>
    </Form>
  );
}

export function MoveBucket({ id, close }: { id: string; close: () => void }): ReactNode {
  const studio = useStudio();
  const forest = useForest();
  const { name = "", parent } = forest.byId.get(id) ?? {};
  return (
    <>
      <Title>Move {name}</Title>
      <BucketPicker
        label={`Move ${name} into`}
        top="To the top, outside of every bucket"
        allows={(branch) => !wouldContainItself(forest, id, branch.id)}
        pick={(parent) => {
          close();
          if (parent !== null) studio.expanded.set((now) => new Set([...now, parent]));
          void studio.deeds.move(id, { parent, after: undefined });
        }}
      />
      <div className="dialog-foot">
        <p className="quiet">Now {parent ? `in ${pathInWords(forest, parent)}` : "at the top"}</p>
        <Button className="button" onPress={close}>
          Cancel
        </Button>
      </div>
    </>
  );
}

export function CopyBucket({ id, close }: { id: string; close: () => void }): ReactNode {
  const studio = useStudio();
  const name = useForest().byId.get(id)?.name ?? "";
  const [deep, setDeep] = useState(true);
  return (
    <>
      <Title>Copy {name}</Title>
      <fieldset className="choice">
        <legend className="quiet">The copy has all buckets in it once more, and</legend>
        <label>
          <input type="radio" name="deep" checked={deep} onChange={() => setDeep(true)} /> notes of its own, like these
          but independent of them
        </label>
        <label>
          <input type="radio" name="deep" checked={!deep} onChange={() => setDeep(false)} /> the same notes in both
          places: a change in one is a change in the other
        </label>
      </fieldset>
      <BucketPicker
        label={`Copy ${name} into`}
        top="To the top, outside of every bucket"
        allows={() => true}
        pick={(parent) => {
          close();
          if (parent !== null) studio.expanded.set((now) => new Set([...now, parent]));
          void studio.deeds.copyBucket(id, parent, deep);
        }}
      />
      <div className="dialog-foot">
        <Button className="button" onPress={close}>
          Cancel
        </Button>
      </div>
    </>
  );
}

/** A form that says in words why it was refused, and stays open until it was not. */
function useForm(otherwise: string, act: (said: (field: string) => string) => Promise<void>) {
  const [wrong, setWrong] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    setWrong(null);
    act((field) => String(form.get(field) ?? "")).catch((error: unknown) => {
      setWrong(`${otherwise} ${inWords(error)}`);
      setBusy(false);
    });
  };
  const shown = wrong && (
    <p className="wrong" role="alert">
      {wrong}
    </p>
  );
  return { submit, busy, wrong: shown };
}

function likelyType(forest: Forest, parent: string | null): string {
  if (parent === null) return "book";
  const siblings = childrenOf(forest, parent);
  return siblings.at(-1)?.type ?? INSIDE[forest.byId.get(parent)?.type ?? ""] ?? "chapter";
}

/** "Chapter 4" after three chapters; a book has a name of its own. */
function likelyName(forest: Forest, parent: string | null, type: string): string {
  if (parent === null || type === "book") return "";
  const count = childrenOf(forest, parent).filter((sibling) => sibling.type === type).length;
  const word = spoken(type);
  return `${word.charAt(0).toUpperCase()}${word.slice(1)} ${count + 1}`;
}
