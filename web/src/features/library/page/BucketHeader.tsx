/** The head of a bucket's page: its path, its name, what to add to it, and its child buckets. */

import type { ReactNode } from "react";
import { Button } from "react-aria-components";
import { useForest } from "../../../studio/context";
import { useOpenDialog } from "../../../studio/dialogs";
import { linkTo } from "../../../studio/route";
import { text } from "../../../text";
import { Icon } from "../../../ui/Icon";
import { UserText } from "../../../ui/UserText";
import { WritingMenu } from "../../editor/WritingMenu";
import { AddFilesButton } from "../../files/AddFilesButton";
import { AutoExpandSwitch } from "../../processors/AutoExpandSwitch";
import { type Branch, pathTo } from "../forest";
import { ChapterProgress } from "./ChapterProgress";

interface BucketHeaderProps {
  bucketId: string;
  branch: Branch | undefined;
  draftKeys: readonly string[];
  addNote: () => void;
  find: () => void;
}

export function BucketHeader({ bucketId, branch, draftKeys, addNote, find }: BucketHeaderProps): ReactNode {
  const openDialog = useOpenDialog();
  return (
    <header className="chapter-head">
      <div>
        <BucketPath branch={branch} />
        <h1 id="chapter-name" dir="auto">
          {branch?.name ?? text.general.unknownName}
        </h1>
      </div>
      <div className="chapter-tools">
        {draftKeys.length > 0 && <ChapterProgress bucketId={bucketId} draftKeys={draftKeys} />}
        {draftKeys.length > 0 && (
          <Button className="icon-button" aria-label={text.writing.find} onPress={find}>
            <Icon name="search" />
          </Button>
        )}
        <WritingMenu>
          <AutoExpandSwitch bucketId={bucketId} />
        </WritingMenu>
        <Button className="button" onPress={() => openDialog({ kind: "compile", bucketId })}>
          <Icon name="book" /> {text.books.compile}
        </Button>
        <Button className="button" onPress={() => openDialog({ kind: "run", source: { kind: "bucket", bucketId } })}>
          <Icon name="spark" /> {text.registry.run}
        </Button>
        <AddFilesButton bucketId={bucketId} />
        <Button className="button" onPress={() => openDialog({ kind: "create-bucket", parentId: bucketId })}>
          <Icon name="plus" /> {text.general.newBucket}
        </Button>
        <Button className="button" onPress={addNote}>
          <Icon name="plus" /> {text.library.newNote}
        </Button>
      </div>
    </header>
  );
}

function BucketPath({ branch }: { branch: Branch | undefined }): ReactNode {
  const parents = pathTo(useForest(), branch?.parent ?? null);
  return (
    <nav aria-label={text.library.path} className="path">
      {parents.map(({ id, name }) => (
        <span key={id}>
          <a href={linkTo(id)}>
            <UserText>{name}</UserText>
          </a>{" "}
          <span aria-hidden="true">{text.general.pathSeparator.trim()}</span>{" "}
        </span>
      ))}
      <span className="type">
        <UserText>{branch?.type}</UserText>
      </span>
    </nav>
  );
}
