/** The dialog with everything that a run sent to a language model, or will send, and what was answered. */

import { useInfiniteQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Button } from "react-aria-components";
import { useStudio } from "../../../studio/context";
import { text } from "../../../text";
import { DialogTitle } from "../../../ui/DialogTitle";
import { QueryError } from "../../../ui/QueryError";
import { PromptView } from "./PromptView";

export function PromptDialog({ runId, close }: { runId: string; close: () => void }): ReactNode {
  const query = useInfiniteQuery(useStudio().queries.prompts(runId));
  const prompts = query.data?.pages.flatMap((page) => page.items) ?? [];
  const detail = query.data?.pages.at(-1)?.detail;
  return (
    <>
      <DialogTitle>{text.prompts.title}</DialogTitle>
      {query.error && (
        <QueryError className="trouble" message={text.prompts.unreadable} error={query.error} retry={query.refetch} />
      )}
      {query.isPending && <p role="status">{text.general.reading}</p>}
      {prompts.map((prompt) => (
        <PromptView prompt={prompt} key={`${prompt.requested_at} ${prompt.attempt} ${prompt.number}`} />
      ))}
      {detail && <p className="quiet">{detail}</p>}
      <div className="dialog-foot">
        {query.hasNextPage && (
          <Button className="button" isPending={query.isFetchingNextPage} onPress={() => void query.fetchNextPage()}>
            {text.prompts.more}
          </Button>
        )}
        <Button className="button" onPress={close}>
          {text.general.close}
        </Button>
      </div>
    </>
  );
}
