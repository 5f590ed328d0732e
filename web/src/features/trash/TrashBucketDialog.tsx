/** The question before a bucket goes to the trash, with a preview of what goes along and what stays. */

import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Button } from "react-aria-components";
import { contentOf } from "../../api/blobContent";
import { errorMessage } from "../../api/errors";
import { firstLine } from "../../language/segmentation";
import { useForest, useStudio } from "../../studio/context";
import { text } from "../../text";
import { describeTrashedAlong } from "../../text/trash";
import { DialogTitle } from "../../ui/DialogTitle";
import { Message } from "../../ui/Message";
import { QuotedText, UserPath, UserText } from "../../ui/UserText";
import { type Branch, pathTo } from "../library/forest";
import type { TrashedContent } from "./trashPreview";

const MAX_SHOWN_NOTES = 8;

export function TrashBucketDialog({ id, close }: { id: string; close: () => void }): ReactNode {
  const { trash } = useStudio();
  const branch = useForest().byId.get(id);
  const moveToTrash = () => {
    close();
    void trash.trashBucket(id);
  };
  return (
    <>
      <DialogTitle>
        <QuotedText text={branch ? text.trash.trashBucketTitle(branch.name) : text.trash.trashItTitle} />
      </DialogTitle>
      {branch ? <Preview branch={branch} /> : <p>{text.trash.notThere}</p>}
      <p className="quiet">{text.trash.comesBackWhole}</p>
      <div className="dialog-foot">
        <Button className="button" onPress={close} autoFocus>
          {text.general.cancel}
        </Button>
        <Button className="button danger" isDisabled={!branch} onPress={moveToTrash}>
          {text.general.moveToTrash}
        </Button>
      </div>
    </>
  );
}

function Preview({ branch }: { branch: Branch }): ReactNode {
  const { data, error } = useQuery(useStudio().queries.trashPreview(branch));
  if (error) {
    return (
      <p className="wrong">
        {text.trash.countFailed} {errorMessage(error)}
      </p>
    );
  }
  if (!data) return <p role="status">{text.trash.counting}</p>;
  const { buckets, content } = data;
  if (!content) return <p>{text.trash.uncounted(buckets)}</p>;
  return (
    <>
      <p>{describeTrashedAlong({ buckets, notes: content.notes, others: content.others })}</p>
      <StayingNotes content={content} />
    </>
  );
}

function StayingNotes({ content: { staying } }: { content: TrashedContent }): ReactNode {
  const forest = useForest();
  if (staying.length === 0) return null;
  const shown = staying.slice(0, MAX_SHOWN_NOTES);
  return (
    <section aria-label={text.trash.whatStays}>
      <p>{text.trash.staying(staying.length)}</p>
      <ul className="places">
        {shown.map(({ blob, bucketId }) => (
          <li key={blob.id}>
            <UserText>{firstLine(contentOf(blob)) || text.general.emptyNote}</UserText>{" "}
            <span className="quiet">
              {forest.byId.has(bucketId) ? (
                <Message text={text.trash.stayingIn} values={{ path: <UserPath path={pathTo(forest, bucketId)} /> }} />
              ) : (
                text.trash.stayingInAnother
              )}
            </span>
          </li>
        ))}
        {staying.length > shown.length && <li>{text.trash.andMore(staying.length - shown.length)}</li>}
      </ul>
    </section>
  );
}
