/** An expansion that can be accepted, whole or by paragraph, and the accepted text below it. */

import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Button } from "react-aria-components";
import type { Blob } from "../../../api/types";
import { useStudio } from "../../../studio/context";
import { text } from "../../../text";
import { Icon } from "../../../ui/Icon";
import { ExpansionText } from "../ExpansionText";
import { AcceptableText } from "./AcceptableText";
import { AcceptedPane } from "./AcceptedPane";
import { findAccepted } from "./acceptedText";

interface AcceptableExpansionProps {
  noteId: string;
  noteName: string;
  shown: Blob;
  /** The note's newest saved revision. */
  revision: number;
  isSeen: boolean;
}

export function AcceptableExpansion(props: AcceptableExpansionProps): ReactNode {
  const { noteId, noteName, shown, revision, isSeen } = props;
  const studio = useStudio();
  const query = useQuery({ ...studio.queries.editedTexts(noteId), enabled: isSeen });
  const accepted = findAccepted(query.data ?? []);
  const acceptAll = () =>
    void studio.acceptances.accept({ noteId, derivedId: shown.id, paragraphs: null, seen: accepted });
  return (
    <>
      <ExpansionText
        blob={shown}
        noteRevision={revision}
        prose={(content) => <AcceptableText derived={shown} {...{ noteId, content, accepted }} />}
        actions={
          <Button className="button" isDisabled={query.isPending} onPress={acceptAll}>
            <Icon name="check" /> {text.acceptance.acceptAll}
          </Button>
        }
      />
      {!query.isPending && (
        <AcceptedPane noteRevision={revision} error={query.error} {...{ noteId, noteName, accepted }} />
      )}
    </>
  );
}
