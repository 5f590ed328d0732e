/** The dialog that makes a book of a bucket, shows how far it is, and lists what was made of the bucket before. */

import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Button } from "react-aria-components";
import { useForest, useStudio } from "../../studio/context";
import { text } from "../../text";
import { DialogTitle } from "../../ui/DialogTitle";
import { Message } from "../../ui/Message";
import { QueryError } from "../../ui/QueryError";
import { UserText } from "../../ui/UserText";
import { CompilationList } from "./CompilationList";
import { CompileForm } from "./CompileForm";
import { COMPILER } from "./compiledBook";

export function CompileDialog({ bucketId, close }: { bucketId: string; close: () => void }): ReactNode {
  const processors = useQuery(useStudio().queries.processors);
  const name = useForest().byId.get(bucketId)?.name ?? text.general.unknownName;
  const compiler = processors.data?.find(({ id }) => id === COMPILER);
  return (
    <>
      <DialogTitle>
        <Message text={text.books.title} values={{ name: <UserText>{name}</UserText> }} />
      </DialogTitle>
      <p className="quiet">{text.books.explained}</p>
      {processors.isPending && <p role="status">{text.general.reading}</p>}
      {processors.error && (
        <QueryError
          className="trouble"
          message={text.registry.unreadable}
          error={processors.error}
          retry={processors.refetch}
        />
      )}
      {compiler && <CompileForm bucketId={bucketId} name={name} />}
      {processors.data && !compiler && <p role="alert">{text.books.unavailable}</p>}
      <CompilationList bucketId={bucketId} />
      <div className="dialog-foot">
        <Button className="button" onPress={close}>
          {text.general.close}
        </Button>
      </div>
    </>
  );
}
