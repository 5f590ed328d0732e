/** The books that were made of a bucket, newest first, with those under way. */

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { Button } from "react-aria-components";
import { Problem } from "../../api/errors";
import type { Run } from "../../api/types";
import { useStudio } from "../../studio/context";
import { useOpenDialog } from "../../studio/dialogs";
import { text } from "../../text";
import { Age } from "../../ui/Age";
import { useNow } from "../../ui/hooks";
import { QueryError } from "../../ui/QueryError";
import { useStore } from "../../ui/store";
import { QuotedText, UserText } from "../../ui/UserText";
import { LoadMore } from "../library/page/LoadMore";
import { RunProgressView } from "../processors/RunStatus";
import { type CurrentRun, currentRun, isActive, mayBeRetried } from "../processors/runList/runText";
import { runKey } from "../processors/runs";
import { COMPILER, readBookFiles } from "./compiledBook";
import { FileDownloads } from "./FileDownloads";

const OPEN_AT_FIRST = 1; // a book may be megabytes: the files of older ones are read on request

export function CompilationList({ bucketId }: { bucketId: string }): ReactNode {
  const query = useInfiniteQuery(useStudio().queries.runs({ status: null, processorId: COMPILER }));
  const runs = (query.data?.pages.flatMap((page) => page.items) ?? []).filter(
    ({ settings }) => settings?.["bucket_id"] === bucketId,
  );
  const now = useNow(runs.some(({ finished_at }) => finished_at === null));
  return (
    <section className="compilations" aria-label={text.books.made}>
      <h3>{text.books.made}</h3>
      {query.error && (
        <QueryError className="trouble" message={text.books.madeUnreadable} error={query.error} retry={query.refetch} />
      )}
      {query.isSuccess && runs.length === 0 && !query.hasNextPage && <p className="quiet">{text.books.noneMade}</p>}
      <ul>
        {runs.map((run, index) => (
          <Compilation run={run} now={now} isOpenAtFirst={index < OPEN_AT_FIRST} key={run.id} />
        ))}
      </ul>
      {query.hasNextPage && (
        <LoadMore
          label={text.runs.showMore}
          isLoading={query.isFetchingNextPage}
          load={() => void query.fetchNextPage()}
        />
      )}
    </section>
  );
}

interface CompilationProps {
  run: Run;
  now: number;
  isOpenAtFirst: boolean;
}

function Compilation({ run, now, isOpenAtFirst }: CompilationProps): ReactNode {
  const live = useStore(useStudio().runs, (runs) => runs.get(runKey(run.blob_id, run.processor_id)));
  const current = currentRun(run, live);
  const [outputId] = current.outputs;
  return (
    <li className="compilation">
      <p>
        <span className="status" data-status={current.status}>
          {text.runs.statuses[current.status]}
        </span>{" "}
        <UserText>{describeRun(run)}</UserText>{" "}
        <span className="quiet">
          <Age at={run.requested_at} now={now} describe={text.runs.requestedAt} />
        </span>
      </p>
      {isActive(current) && (
        <RunProgressView
          run={{ ...current, text: "" }}
          label={text.books.progress(titleOf(run))}
          running={text.runs.percent(Math.round(current.progress * 100))}
          {...(run.waiting && { waiting: run.waiting })}
        />
      )}
      {current.status === "completed" && outputId && <Result blobId={outputId} isOpenAtFirst={isOpenAtFirst} />}
      {(current.status === "failed" || current.status === "refused") && (
        <p className="reason wrong" role="alert">
          <QuotedText text={current.error ?? text.runs.unexplained} />
        </p>
      )}
      <RunButtons run={run} current={current} />
    </li>
  );
}

function RunButtons({ run, current }: { run: Run; current: CurrentRun }): ReactNode {
  const { runActions } = useStudio();
  if (isActive(current))
    return (
      <Button
        className="button"
        aria-label={text.runs.stopName(titleOf(run))}
        onPress={() => void runActions.cancel(run.id)}
      >
        {text.runs.stop}
      </Button>
    );
  if (!mayBeRetried(current)) return null;
  return (
    <Button
      className="button"
      aria-label={text.runs.retryName(titleOf(run))}
      onPress={() => void runActions.retry(run.id)}
    >
      {text.runs.retry}
    </Button>
  );
}

/** The files of a book that is ready, and its contents in a dialog of their own. */
function Result({ blobId, isOpenAtFirst }: { blobId: string; isOpenAtFirst: boolean }): ReactNode {
  const openDialog = useOpenDialog();
  const [isOpen, setOpen] = useState(isOpenAtFirst);
  const { data: blob, error, refetch } = useQuery({ ...useStudio().queries.blob(blobId), enabled: isOpen });
  const isGone = (error instanceof Problem && error.status === 404) || (blob?.trashed_at ?? null) !== null;
  if (!isOpen)
    return (
      <Button className="link" onPress={() => setOpen(true)}>
        {text.books.showFiles}
      </Button>
    );
  if (isGone) return <p className="quiet">{text.books.gone}</p>;
  if (error)
    return <QueryError className="trouble" message={text.books.unreadable} error={error} retry={() => refetch()} />;
  if (!blob) return <p role="status">{text.general.reading}</p>;
  return (
    <>
      <FileDownloads files={readBookFiles(blob)} />
      <Button className="link" onPress={() => openDialog({ kind: "blob", blobId })}>
        {text.books.open}
      </Button>
    </>
  );
}

function titleOf({ settings }: Run): string {
  const title = settings?.["title"];
  return typeof title === "string" && title !== "" ? title : text.books.unknownTitle;
}

/** "Manuscript: DOCX", or the files alone. */
function describeRun({ settings = {} }: Run): string {
  const presets: Readonly<Record<string, { name: string }>> = text.books.presets;
  const purpose = presets[String(settings["preset"])]?.name;
  const formats = Array.isArray(settings["formats"]) ? settings["formats"] : [];
  const names = formats.map((format) => text.books.formatNames[String(format)] ?? String(format)).join(", ");
  return [purpose, names].filter(Boolean).join(": ");
}
