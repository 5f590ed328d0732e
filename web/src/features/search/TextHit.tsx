/** A text that was found: the passage with its matches, and every path to it. */

import type { ReactNode } from "react";
import { MenuItem, Text } from "react-aria-components";
import type { PathBucket, SearchHit } from "../../api/types";
import { text } from "../../text";
import { Icon } from "../../ui/Icon";
import { UserPath, UserText } from "../../ui/UserText";

interface TextHitItemProps {
  hit: SearchHit;
  openBucket: (id: string) => void;
}

/** Opens the first bucket that holds the text; one that is in no bucket cannot be opened. */
export function TextHitItem({ hit, openBucket }: TextHitItemProps): ReactNode {
  const bucketId = hit.paths[0]?.at(-1)?.id;
  const title = hit.title || text.search.untitled;
  return (
    <MenuItem
      id={hit.id}
      textValue={title}
      isDisabled={bucketId === undefined}
      onAction={() => bucketId && openBucket(bucketId)}
    >
      <Icon name="page" />
      <Text slot="label">
        <UserText>{title}</UserText>
      </Text>
      <Text slot="description" className="quiet">
        <Snippet parts={hit.snippet} />
        <Paths paths={hit.paths} />
      </Text>
    </MenuItem>
  );
}

function Snippet({ parts }: { parts: SearchHit["snippet"] }): ReactNode {
  return (
    <bdi dir="auto" className="snippet">
      {parts.map((part, index) =>
        // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one snippet are never reordered
        part.match ? <mark key={index}>{part.text}</mark> : part.text,
      )}
    </bdi>
  );
}

function Paths({ paths }: { paths: readonly (readonly PathBucket[])[] }): ReactNode {
  if (paths.length === 0) return <span>{text.search.inNoBucket}</span>;
  return paths.map((path) => (
    <span key={path.map(({ id }) => id).join("/")} className="path">
      <UserPath path={path} />
    </span>
  ));
}
