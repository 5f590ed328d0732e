/** Chooses a bucket by a part of its path; every row shows the whole path, since names repeat. */

import { type ReactNode, useState } from "react";
import { Autocomplete, Input, ListBox, ListBoxItem, Text, TextField } from "react-aria-components";
import { useForest } from "../../../studio/context";
import { text } from "../../../text";
import { Icon, iconOfType } from "../../../ui/Icon";
import { UserPath, UserText } from "../../../ui/UserText";
import { type Branch, findBuckets, pathTo } from "../forest";

const MAX_ROWS = 60; // with more, typing another letter is faster than scrolling
const TOP_LEVEL = "top";

interface BucketPickerProps {
  label: string;
  /** Offers the top level, too. */
  hasTopLevel?: boolean;
  allows?: (branch: Branch) => boolean;
  /** Gets null for the top level. */
  onPick: (bucketId: string | null) => void;
}

export function BucketPicker({ label, hasTopLevel = false, allows, onPick }: BucketPickerProps): ReactNode {
  const forest = useForest();
  const [query, setQuery] = useState("");
  const found = findBuckets(forest, query, MAX_ROWS, allows);
  return (
    <Autocomplete inputValue={query} onInputChange={setQuery}>
      <TextField className="search" type="search" aria-label={label} autoFocus>
        <Icon name="search" />
        <Input placeholder={text.library.pickerPlaceholder} dir="auto" />
      </TextField>
      <ListBox
        className="menu results"
        aria-label={label}
        onAction={(key) => onPick(key === TOP_LEVEL ? null : String(key))}
        renderEmptyState={() => <p className="quiet">{text.library.noBucketFound}</p>}
      >
        {hasTopLevel && !query ? (
          <ListBoxItem id={TOP_LEVEL} className="menu-item">
            {text.general.toTopLevel}
          </ListBoxItem>
        ) : null}
        {found.map((branch) => (
          <PathItem branch={branch} parents={pathTo(forest, branch.parent)} key={branch.id} />
        ))}
      </ListBox>
    </Autocomplete>
  );
}

function PathItem({ branch, parents }: { branch: Branch; parents: Branch[] }): ReactNode {
  const path = parents.map(({ name }) => name).join(text.general.pathSeparator);
  return (
    <ListBoxItem id={branch.id} textValue={`${path} ${branch.name}`} className="menu-item">
      <Icon name={iconOfType(branch.type)} />
      <Text slot="label">
        <UserText>{branch.name}</UserText>
      </Text>
      {path && (
        <Text slot="description" className="quiet">
          <UserPath path={parents} />
        </Text>
      )}
    </ListBoxItem>
  );
}
