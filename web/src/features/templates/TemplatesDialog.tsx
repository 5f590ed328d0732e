/** The dialog that begins something with a template: a gallery, and then the choices of one. */

import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { Button, FileTrigger } from "react-aria-components";
import { errorMessage } from "../../api/errors";
import type { Template } from "../../api/types";
import { useForest, useStudio } from "../../studio/context";
import { text } from "../../text";
import { DialogTitle } from "../../ui/DialogTitle";
import { Icon } from "../../ui/Icon";
import { Message } from "../../ui/Message";
import { QueryError } from "../../ui/QueryError";
import { QuotedText, UserText } from "../../ui/UserText";
import { TemplateCards } from "./TemplateCards";
import { TemplateForm } from "./TemplateForm";
import { UnusableFile } from "./templateActions";

interface TemplatesDialogProps {
  /** The bucket to begin in; null for the top. */
  parentId: string | null;
  close: () => void;
}

export function TemplatesDialog({ parentId, close }: TemplatesDialogProps): ReactNode {
  const templates = useQuery(useStudio().queries.templates);
  const [chosen, choose] = useState<Template | null>(null);
  if (chosen) {
    return (
      <TemplateForm template={chosen} parentId={parentId} back={() => choose(null)} close={close} key={chosen.id} />
    );
  }
  return (
    <>
      <Title parentId={parentId} />
      <p className="quiet">{text.templates.explained}</p>
      {templates.error && (
        <QueryError
          className="trouble"
          message={text.templates.unreadable}
          error={templates.error}
          retry={templates.refetch}
        />
      )}
      {templates.isPending && <p role="status">{text.templates.reading}</p>}
      {templates.data && <TemplateCards templates={templates.data} choose={choose} />}
      <Foot choose={choose} close={close} />
    </>
  );
}

function Title({ parentId }: { parentId: string | null }): ReactNode {
  const parent = useForest().byId.get(parentId ?? "");
  return (
    <DialogTitle>
      {parent ? (
        <Message text={text.templates.beginIn} values={{ name: <UserText>{parent.name}</UserText> }} />
      ) : (
        text.templates.begin
      )}
    </DialogTitle>
  );
}

function Foot({ choose, close }: { choose: (template: Template) => void; close: () => void }): ReactNode {
  const { templateActions } = useStudio();
  const [failure, setFailure] = useState<string | null>(null);
  const importFile = (files: FileList | null) => {
    const file = files?.[0];
    if (!file) return;
    setFailure(null);
    templateActions.importFile(file).then(choose, (error: unknown) => {
      const why = error instanceof UnusableFile ? error.message : errorMessage(error);
      setFailure([text.templates.importFailed, why].join(" "));
    });
  };
  return (
    <>
      {failure && (
        <p className="wrong" role="alert">
          <QuotedText text={failure} />
        </p>
      )}
      <div className="dialog-foot">
        <FileTrigger acceptedFileTypes={["application/json", ".json"]} onSelect={importFile}>
          <Button className="button import-template">
            <Icon name="plus" /> {text.templates.import}
          </Button>
        </FileTrigger>
        <Button className="button" onPress={close}>
          {text.general.cancel}
        </Button>
      </div>
    </>
  );
}
