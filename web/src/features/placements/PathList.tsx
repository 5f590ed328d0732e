/** The paths to a note, one for each bucket that it stands in. */

import type { ReactNode } from "react";
import { Button } from "react-aria-components";
import type { PathBucket } from "../../api/types";
import { linkTo } from "../../studio/route";
import { text } from "../../text";
import { UserPath } from "../../ui/UserText";

interface PathListProps {
  paths: readonly PathBucket[][];
  /** The bucket that the note is looked at in. */
  bucketId: string;
  /** Called when somebody opens one; left out, the paths are no links. */
  onOpen?: (() => void) | undefined;
  onTakeOut?: ((bucketId: string) => void) | undefined;
}

export function PathList({ paths, bucketId, onOpen, onTakeOut }: PathListProps): ReactNode {
  return (
    <ul className="paths" aria-label={text.notes.places}>
      {paths.map((path) => {
        const bucket = path.at(-1);
        if (!bucket) return null;
        const name = path.map((one) => one.name).join(text.general.pathSeparator);
        return (
          <li key={bucket.id}>
            {onOpen ? (
              <a href={linkTo(bucket.id)} onClick={onOpen}>
                <UserPath path={path} />
              </a>
            ) : (
              <span>
                <UserPath path={path} />
              </span>
            )}
            {bucket.id === bucketId && <span className="quiet">{text.general.here}</span>}
            {onTakeOut && (
              <Button className="link" aria-label={text.notes.takeOutOf(name)} onPress={() => onTakeOut(bucket.id)}>
                {text.notes.takeOut}
              </Button>
            )}
          </li>
        );
      })}
    </ul>
  );
}
