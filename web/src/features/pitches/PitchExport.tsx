/** One page of a pitch to download: made on request, from the pitch as it is now. */

import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Button } from "react-aria-components";
import type { Blob } from "../../api/types";
import { useStudio } from "../../studio/context";
import { text } from "../../text";
import { Icon } from "../../ui/Icon";
import { QueryError } from "../../ui/QueryError";
import { useStore } from "../../ui/store";
import { readBookFiles } from "../books/compiledBook";
import { FileDownloads } from "../books/FileDownloads";
import { RunProgressView } from "../processors/RunStatus";
import { hasEnded, type RunView, runKey } from "../processors/runs";
import { PitchRunOutcome } from "./PitchRunOutcome";
import { PITCH_EXPORT } from "./pitch";

export function PitchExport({ blob }: { blob: Blob }): ReactNode {
  const { pitches, runs } = useStudio();
  const run = useStore(runs, (known) => known.get(runKey(blob.id, PITCH_EXPORT)));
  const isBusy = run !== undefined && !hasEnded(run);
  return (
    <div className="pitch-export">
      <Button className="button" isDisabled={isBusy} onPress={() => void pitches.exportPage(blob)}>
        <Icon name="page" /> {text.pitches.exportPage}
      </Button>
      {run && <ExportState run={run} />}
    </div>
  );
}

function ExportState({ run }: { run: RunView }): ReactNode {
  const [blobId] = run.outputs;
  if (!hasEnded(run))
    return (
      <RunProgressView run={{ ...run, text: "" }} label={text.pitches.exporting} running={text.pitches.exporting} />
    );
  if (run.status !== "completed" || blobId === undefined)
    return <PitchRunOutcome run={run} failure={text.pitches.notExported} />;
  return <Document blobId={blobId} />;
}

function Document({ blobId }: { blobId: string }): ReactNode {
  const { data, error, refetch } = useQuery(useStudio().queries.blob(blobId));
  if (error) return <QueryError className="trouble" message={text.books.unreadable} error={error} retry={refetch} />;
  return data ? (
    <FileDownloads files={readBookFiles(data)} names={text.pitches.formatNames} />
  ) : (
    <p role="status">{text.general.reading}</p>
  );
}

/** A document that was made before, on its own. */
export function ExportedDocumentView({ blob }: { blob: Blob }): ReactNode {
  return <FileDownloads files={readBookFiles(blob)} names={text.pitches.formatNames} />;
}

export function isExportedDocument(blob: Blob): boolean {
  return readBookFiles(blob).length > 0;
}
