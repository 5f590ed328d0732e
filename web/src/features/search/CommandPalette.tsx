/** Ctrl+K: opens any bucket or text, or does anything, by a few letters. */

import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useDeferredValue, useState } from "react";
import { Autocomplete, Input, Keyboard, Menu, MenuItem, Text, TextField } from "react-aria-components";
import { foldForSearch } from "../../language/folding";
import { useForest, useRoute, useStudio } from "../../studio/context";
import { text } from "../../text";
import { DialogTitle } from "../../ui/DialogTitle";
import { Icon, iconOfType } from "../../ui/Icon";
import { formatKeys } from "../../ui/keys";
import { TextWithName, UserPath, UserText } from "../../ui/UserText";
import { type Branch, findBuckets, pathTo } from "../library/forest";
import { useCommands } from "./commands";
import { TextHitItem } from "./TextHit";

const MAX_BUCKETS = 12;

export function CommandPalette({ close }: { close: () => void }): ReactNode {
  const studio = useStudio();
  const forest = useForest();
  const [query, setQuery] = useState("");
  const commands = useCommands(close).filter(({ name }) => foldForSearch(name).includes(foldForSearch(query)));
  const buckets = findBuckets(forest, query, MAX_BUCKETS);
  const openBucketName = forest.byId.get(useRoute() ?? "")?.name;
  const { data: hits = [] } = useQuery(studio.queries.search(useDeferredValue(query)));
  const openBucket = (id: string) => {
    close();
    studio.route.go(id);
  };
  return (
    <div className="palette">
      <DialogTitle>{text.search.title}</DialogTitle>
      <Autocomplete inputValue={query} onInputChange={setQuery}>
        <TextField className="search" type="search" aria-label={text.search.label} autoFocus>
          <Icon name="search" />
          <Input dir="auto" placeholder={text.search.placeholder} />
        </TextField>
        <Menu
          className="menu results"
          aria-label={text.search.results}
          renderEmptyState={() => <p className="quiet">{text.search.nothingFound}</p>}
        >
          {buckets.map((branch) => (
            <BucketItem key={branch.id} branch={branch} openBucket={openBucket} />
          ))}
          {hits.map((hit) => (
            <TextHitItem key={hit.id} hit={hit} openBucket={openBucket} />
          ))}
          {commands.map(({ id, name, icon, keys, run }) => (
            <MenuItem id={id} key={id} textValue={name} onAction={run}>
              <Icon name={icon} />
              <Text slot="label">
                <TextWithName text={name} name={openBucketName} />
              </Text>
              {keys && <Keyboard>{formatKeys(keys)}</Keyboard>}
            </MenuItem>
          ))}
        </Menu>
      </Autocomplete>
    </div>
  );
}

interface BucketItemProps {
  branch: Branch;
  openBucket: (id: string) => void;
}

function BucketItem({ branch, openBucket }: BucketItemProps): ReactNode {
  const path = pathTo(useForest(), branch.parent);
  return (
    <MenuItem id={branch.id} textValue={branch.name} onAction={() => openBucket(branch.id)}>
      <Icon name={iconOfType(branch.type)} />
      <Text slot="label">
        <UserText>{branch.name}</UserText>
      </Text>
      <Text slot="description" className="quiet">
        <UserPath path={path} />
      </Text>
    </MenuItem>
  );
}
