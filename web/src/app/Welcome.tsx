/** The start page, while no bucket is open: how to begin. */

import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Button } from "react-aria-components";
import { useForest, useStudio } from "../studio/context";
import { useOpenDialog } from "../studio/dialogs";
import { text } from "../text";
import { Icon } from "../ui/Icon";
import { formatKeys } from "../ui/keys";
import { Message } from "../ui/Message";
import { UserText } from "../ui/UserText";

export function Welcome({ name }: { name: string }): ReactNode {
  const openDialog = useOpenDialog();
  const forest = useForest();
  const { isPending } = useQuery(useStudio().queries.forest);
  if (isPending) return null;
  const isNew = forest.roots.length === 0;
  return (
    <div className="welcome">
      <h1>
        {isNew ? (
          <Message text={text.app.welcome} values={{ name: <UserText>{name}</UserText> }} />
        ) : (
          text.app.whatToWorkOn
        )}
      </h1>
      {isNew ? (
        <FirstSteps />
      ) : (
        <>
          <p className="with-keyboard">
            <Message text={text.app.chooseBucket} values={{ keys: <kbd>{formatKeys("Ctrl K")}</kbd> }} />
          </p>
          <p className="with-fingers">{text.app.chooseBucketByTouch}</p>
        </>
      )}
      <div className="row">
        <Button
          className="button primary"
          onPress={() => openDialog({ kind: "create-bucket", parentId: null, type: "book" })}
        >
          <Icon name="plus" /> {isNew ? text.app.makeFirstBook : text.app.newBook}
        </Button>
        <Button className="button" onPress={() => openDialog({ kind: "templates", parentId: null })}>
          <Icon name="spark" /> {text.templates.begin}
        </Button>
      </div>
    </div>
  );
}

function FirstSteps(): ReactNode {
  const steps = [
    [text.app.stepBook, text.app.stepBookStrong],
    [text.app.stepChapter, text.app.stepChapterStrong],
    [text.app.stepExpand, text.app.stepExpandStrong],
  ] as const;
  return (
    <>
      <p>{text.app.threeSteps}</p>
      <ol>
        {steps.map(([step, strong]) => (
          <li key={step}>
            <Message text={step} values={{ strong: <strong>{strong}</strong> }} />
          </li>
        ))}
      </ol>
    </>
  );
}
