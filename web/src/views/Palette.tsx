/** Ctrl+K: go to any bucket, or do anything, by typing a few letters. */

import { type ReactNode, useState } from "react";
import { Autocomplete, Input, Keyboard, Menu, MenuItem, Text, TextField } from "react-aria-components";
import { type Branch, matching, pathTo } from "../model/forest";
import { keysInWords } from "../model/keys";
import type { Theme } from "../model/prefs";
import { TRASH } from "../model/where";
import { type Question, useAsk, useForest, useStudio, useWhere } from "./context";
import { Icon, type Picture, pictureOf } from "./icons";
import { Title } from "./Title";

const MOST = 12;
const NEXT: Record<Theme, Theme> = { system: "dark", dark: "light", light: "system" };

interface Command {
  id: string;
  name: string;
  picture: Picture;
  keys?: string;
  act: () => void;
}

export function Palette({ close }: { close: () => void }): ReactNode {
  const studio = useStudio();
  const forest = useForest();
  const [query, setQuery] = useState("");
  const commands = useCommands(close).filter((command) =>
    command.name.toLowerCase().includes(query.trim().toLowerCase()),
  );
  const found = matching(forest, query, MOST);
  const go = (branch: Branch) => {
    close();
    studio.where.go(branch.id);
  };
  return (
    <div className="palette">
      <Title>Find or do anything</Title>
      <Autocomplete inputValue={query} onInputChange={setQuery}>
        <TextField className="search" type="search" aria-label="Find a bucket or an action" autoFocus>
          <Icon of="search" />
          <Input placeholder="A bucket's name, or what you want to do" />
        </TextField>
        <Menu
          className="menu results"
          aria-label="Results"
          renderEmptyState={() => <p className="quiet">Nothing found.</p>}
        >
          {found.map((branch) => (
            <MenuItem id={branch.id} key={branch.id} textValue={branch.name} onAction={() => go(branch)}>
              <Icon of={pictureOf(branch.type)} />
              <Text slot="label">{branch.name}</Text>
              <Text slot="description" className="quiet">
                {pathTo(forest, branch.parent)
                  .map((one) => one.name)
                  .join(" › ")}
              </Text>
            </MenuItem>
          ))}
          {commands.map((command) => (
            <MenuItem id={command.id} key={command.id} textValue={command.name} onAction={command.act}>
              <Icon of={command.picture} />
              <Text slot="label">{command.name}</Text>
              {command.keys && <Keyboard>{keysInWords(command.keys)}</Keyboard>}
            </MenuItem>
          ))}
        </Menu>
      </Autocomplete>
    </div>
  );
}

function useCommands(close: () => void): Command[] {
  const studio = useStudio();
  const ask = useAsk();
  const where = useWhere();
  const here = useForest().byId.get(where ?? "");
  const asks = (question: Question) => () => ask(question);
  const commands: Command[] = [
    { id: "book", name: "New book", picture: "book", act: asks({ kind: "create", parent: null, type: "book" }) },
    { id: "bucket", name: "New bucket at the top", picture: "plus", act: asks({ kind: "create", parent: null }) },
  ];
  if (here) {
    const addNote = () => {
      close();
      studio.drafts.start(here.id);
    };
    commands.unshift(
      { id: "note", name: `Add a note to ${here.name}`, picture: "page", act: addNote },
      {
        id: "inside",
        name: `New bucket in ${here.name}`,
        picture: "plus",
        keys: "Ins",
        act: asks({ kind: "create", parent: here.id }),
      },
      {
        id: "rename",
        name: `Rename ${here.name}`,
        picture: "page",
        keys: "F2",
        act: asks({ kind: "rename", id: here.id }),
      },
      { id: "move", name: `Move ${here.name}`, picture: "folder", act: asks({ kind: "move", id: here.id }) },
      { id: "copy", name: `Copy ${here.name}`, picture: "folder", act: asks({ kind: "copy", id: here.id }) },
      {
        id: "trash-here",
        name: `Move ${here.name} to the trash`,
        picture: "trash",
        act: asks({ kind: "trash-bucket", id: here.id }),
      },
    );
  }
  const closing = (act: () => void) => () => {
    close();
    act();
  };
  commands.push(
    { id: "undo", name: "Undo", picture: "undo", keys: "Ctrl Z", act: closing(() => void studio.turns.undo()) },
    { id: "redo", name: "Redo", picture: "redo", keys: "Ctrl Shift Z", act: closing(() => void studio.turns.redo()) },
    { id: "trash", name: "Open the trash", picture: "trash", act: closing(() => studio.where.go(TRASH)) },
    { id: "theme", name: "Change the theme", picture: "spark", act: () => studio.theme.set((now) => NEXT[now]) },
    { id: "unsaved", name: "Unsaved and set-aside texts", picture: "page", act: asks({ kind: "unsaved" }) },
    { id: "keys", name: "Keyboard", picture: "search", act: asks({ kind: "keys" }) },
  );
  return commands;
}
