/** Choose a bucket by typing part of its path; every row shows the whole path, since names repeat. */

import { type ReactNode, useState } from "react";
import { Autocomplete, Input, ListBox, ListBoxItem, Text, TextField } from "react-aria-components";
import { type Branch, matching, pathTo } from "../model/forest";
import { useForest } from "./context";
import { Icon, pictureOf } from "./icons";

const MOST = 60; // rows; with more, typing another letter is faster than scrolling
const TOP = "top";

interface BucketPickerProps {
  label: string;
  /** What the row for the top level says; left out, there is none. */
  top?: string;
  allows: (branch: Branch) => boolean;
  pick: (bucketId: string | null) => void;
}

export function BucketPicker({ label, top, allows, pick }: BucketPickerProps): ReactNode {
  const forest = useForest();
  const [query, setQuery] = useState("");
  const found = matching(forest, query, MOST, allows);
  return (
    <Autocomplete inputValue={query} onInputChange={setQuery}>
      <TextField className="search" type="search" aria-label={label} autoFocus>
        <Icon of="search" />
        <Input placeholder="Type a name" />
      </TextField>
      <ListBox
        className="menu results"
        aria-label={label}
        onAction={(key) => pick(key === TOP ? null : String(key))}
        renderEmptyState={() => <p className="quiet">No bucket has that name.</p>}
      >
        {top && !query ? (
          <ListBoxItem id={TOP} className="menu-item">
            {top}
          </ListBoxItem>
        ) : null}
        {found.map((branch) => (
          <PathItem branch={branch} above={pathTo(forest, branch.parent)} key={branch.id} />
        ))}
      </ListBox>
    </Autocomplete>
  );
}

function PathItem({ branch, above }: { branch: Branch; above: Branch[] }): ReactNode {
  const path = above.map((one) => one.name).join(" › ");
  return (
    <ListBoxItem id={branch.id} textValue={`${path} ${branch.name}`} className="menu-item">
      <Icon of={pictureOf(branch.type)} />
      <Text slot="label">{branch.name}</Text>
      {path && (
        <Text slot="description" className="quiet">
          {path}
        </Text>
      )}
    </ListBoxItem>
  );
}
