/** What a bucket's page shows while nothing is in it: how to begin. */

import type { ReactNode } from "react";
import { Button } from "react-aria-components";
import { useOpenDialog } from "../../../studio/dialogs";
import { text } from "../../../text";
import { Message } from "../../../ui/Message";
import { UserText } from "../../../ui/UserText";
import type { Branch } from "../forest";

interface EmptyBucketProps {
  branch: Branch | undefined;
  addNote: () => void;
}

export function EmptyBucket({ branch, addNote }: EmptyBucketProps): ReactNode {
  const openDialog = useOpenDialog();
  const holdsChapters = branch?.type === "book" || branch?.type === "part";
  return (
    <div className="first-note">
      <p>
        {holdsChapters ? (
          <Message text={text.library.emptyBook} values={{ type: <UserText>{branch.type}</UserText> }} />
        ) : (
          text.library.emptyBucket
        )}
      </p>
      <div className="row">
        {holdsChapters && (
          <Button
            className="button primary"
            onPress={() => openDialog({ kind: "create-bucket", parentId: branch.id, type: "chapter" })}
          >
            {text.library.addChapter}
          </Button>
        )}
        <Button className={holdsChapters ? "button" : "button primary"} onPress={addNote}>
          {text.library.writeFirstNote}
        </Button>
      </div>
    </div>
  );
}
